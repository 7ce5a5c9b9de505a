/** What every client of an emulated service is made with. The credentials open nothing but the emulator. */
export interface AwsClientConfig {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

export const clientConfig = (endpoint: string, region: string): AwsClientConfig => ({
  endpoint,
  region,
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
});
