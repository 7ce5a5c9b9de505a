export { type EnsurePythonOptions, ensurePython, type PythonEnvironment } from './ensure-python.ts';
export { PythonMissingError } from './find-python.ts';
