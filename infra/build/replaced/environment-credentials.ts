/**
 * In place of the SDK's search for credentials: Lambda has them in the environment, where that search looks first too. All other places
 * (profiles, single sign-on, a token, the metadata of a machine) would be loaded at every start, and asked at none.
 */
export const defaultProvider = () => async () => {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = process.env;
  if (!AWS_ACCESS_KEY_ID || !AWS_SECRET_ACCESS_KEY) throw new CredentialsProviderError();
  return {
    accessKeyId: AWS_ACCESS_KEY_ID,
    secretAccessKey: AWS_SECRET_ACCESS_KEY,
    ...(AWS_SESSION_TOKEN ? { sessionToken: AWS_SESSION_TOKEN } : {}),
  };
};

/** By the name that the SDK gives it. */
class CredentialsProviderError extends Error {
  override readonly name = 'CredentialsProviderError';

  constructor() {
    super('there are no credentials in the environment');
  }
}
