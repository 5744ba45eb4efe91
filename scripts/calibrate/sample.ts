import { type Confidence, type Diagnosis, diagnose } from '../../src/index.ts';

/** What somebody might give to whyhung, with what is true of it. */
export interface Sample {
  /** The case it was taken from. */
  readonly of: string;
  /** One tool's name, or `several`. */
  readonly tool: string;
  /** The true cause family, and those that a fair judge takes as well. */
  readonly cause: string;
  readonly accepts: readonly string[];
  readonly healthy: boolean;
  /** Whether the dumps tell the cause at all: with one tool alone many do not. */
  readonly telling: boolean;
  readonly inputs: readonly { readonly name: string; readonly text: string }[];
}

/** How a sample was answered. */
export interface Answer {
  readonly sample: Sample;
  /** Nothing was said: no hypothesis. */
  readonly silent: boolean;
  readonly confidence: Confidence | undefined;
  /** The cause that the first hypothesis names. */
  readonly said: string | undefined;
  readonly rightFirst: boolean;
  readonly rightWithinThree: boolean;
}

export function answer(sample: Sample): Answer {
  const { hypotheses, verdict } = diagnose(sample.inputs);
  const [first] = hypotheses;
  const isRight = ({ cause }: Diagnosis['hypotheses'][number]): boolean => sample.accepts.includes(cause);
  const calm = !hypotheses.some((one) => one.confidence !== 'possible' && !isRight(one));
  return {
    sample,
    silent: first === undefined,
    confidence: first?.confidence,
    said: first?.cause,
    rightFirst: sample.healthy ? verdict === 'healthy' || calm : first !== undefined && isRight(first),
    rightWithinThree: sample.healthy ? calm : hypotheses.slice(0, 3).some(isRight),
  };
}
