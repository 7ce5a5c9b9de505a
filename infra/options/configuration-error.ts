/** What is configured can't be deployed. Its message is all that someone needs to put it right: a stack trace would hide it. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}
