import type { Frame } from '../model/frame.ts';
import { isAt } from './places.ts';

/** Whether a Python frame is of a package all of whose work is done by threads of its own. */
export function sharesWorkOut(frame: Frame): boolean {
  return ALWAYS.some((name) => isAt(frame, name));
}

/** Whether it is of a package that computes, and does that on threads of its own where there is enough to do. */
export function computes(frame: Frame): boolean {
  return AT_TIMES.some((name) => isAt(frame, name));
}

const ALWAYS = [
  'polars/',
  'pyarrow/',
  'lightgbm/',
  'xgboost/',
  'catboost/',
  'tensorflow/',
  'jax/',
  'faiss/',
  'cv2/',
  'grpc/',
  'duckdb/',
  'hnswlib/',
];

const AT_TIMES = [
  'numpy/',
  'scipy/',
  'sklearn/',
  'statsmodels/',
  'torch/nn/',
  'torch/functional.py',
  'torchvision/transforms/',
  'onnxruntime/',
  'tokenizers/',
];
