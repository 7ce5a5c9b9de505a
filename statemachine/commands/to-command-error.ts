import { CommandError } from './command-error.ts';
import { EXIT } from './exit-codes.ts';

/** What the parser of the command line said: `error: too many arguments …`. */
export const toUsageError = ({ message }: Error): CommandError =>
  new CommandError(message.replace(/^error: /, ''), EXIT.usage);

/** What AWS, its SDK or the prompt threw, as a sentence with what to do. */
export const toCommandError = (error: unknown): CommandError => {
  if (error instanceof CommandError) return error;
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  if (name === 'ExitPromptError') return new CommandError('nothing was started', EXIT.interrupted);
  if (/CredentialsProviderError|TokenProviderError/.test(name)) {
    return new CommandError(
      `no AWS credentials: ${message}; they are looked for as the AWS CLI does (--profile, AWS_PROFILE, aws sso login)`,
    );
  }
  if (/Region is missing/i.test(message)) {
    return new CommandError('no Region: name it by --region, AWS_REGION, or the profile');
  }
  if (
    /AccessDenied|NotAuthorized|UnrecognizedClient|ExpiredToken|InvalidClientTokenId|SignatureDoesNotMatch/.test(
      name,
    )
  ) {
    return new CommandError(`AWS refused: ${name}: ${message}`);
  }
  const cause =
    message === '' && error instanceof AggregateError ? String(error.errors[0]?.message ?? '') : message;
  return new CommandError(`${name}: ${cause}`);
};
