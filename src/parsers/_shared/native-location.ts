/** "poll.c", "signaler.cpp", "_zmq.pyx": compiled from source; Cython's functions are native frames too. */
const NATIVE_SOURCE = /\.(?:c|cc|cpp|cxx|c\+\+|h|hh|hpp|hxx|inl|cu|cuh|rs|go|S|s|asm|m|mm|f90|f|pyx|pxd|zig)$/;

/** "libc.so.6", "_zmq.abi3.so", "libx.so (deleted)", "libSystem.B.dylib", "?": a module, or nothing known. */
const NATIVE_MODULE = /\.(?:so|dylib|dll|pyd|exe)(?:\.\d+)*(?: \(deleted\))?$|\.so[.\-\d]|^\?$|^\[vdso\]$/;

/** "app.py", "<string>", "<frozen importlib._bootstrap>", "<ipython-input-3-ab>". */
const PYTHON_FILE = /\.py[ciw]?$|^<.*>$/;

/**
 * Whether a location, as py-spy prints it behind a function, belongs to native code.
 * Scripts without extension occur ("airflow:37"), and executables too ("python3.8"); only the former have a line.
 */
export function isNativeLocation(file: string, line: number | undefined): boolean {
  if (PYTHON_FILE.test(file)) return false;
  return NATIVE_SOURCE.test(file) || NATIVE_MODULE.test(file) || line === undefined;
}

/** Whether a native location names a module rather than a source file. */
export function isModule(file: string): boolean {
  return !NATIVE_SOURCE.test(file);
}
