import {
  AdminSecretUnavailableError,
  DatabaseUnavailableError,
  HostNotFoundError,
  OtherUserNotDisabledError,
  RotationError,
  SecretsManagerUnavailableError,
} from '../contract/errors.ts';

/** The machine tries these again for hours. */
const RETRIED = [
  AdminSecretUnavailableError,
  DatabaseUnavailableError,
  HostNotFoundError,
  SecretsManagerUnavailableError,
];

/**
 * What fails after AWSCURRENT was found to log in must not be told as an outage.
 *
 * @throws OtherUserNotDisabledError for what no retry can mend
 */
export const tellingWhatIsLeft = async <T>(secretName: string, disable: () => Promise<T>): Promise<T> => {
  try {
    return await disable();
  } catch (error) {
    if (!(error instanceof RotationError) || RETRIED.some((kind) => error instanceof kind)) throw error;
    throw new OtherUserNotDisabledError(
      `AWSCURRENT of ${secretName} logs in, but the pair's other user, which the stopped rotation made or changed, could not be disabled: ${error.name}: ${error.message}`,
    );
  }
};
