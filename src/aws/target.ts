/** Where a call goes and who makes it, with the place each value came from. */
export type SettingSource = 'flag' | 'environment' | 'project file' | 'AWS config' | 'sandbox' | 'default';

export interface Sourced<T> {
  readonly value: T;
  readonly source: SettingSource;
  /** The very name: `--region`, `AWS_REGION`, `s3evt.json`, `~/.aws/config [profile dev]`. */
  readonly name: string;
}

export interface Target {
  readonly profile: Sourced<string> | undefined;
  readonly region: Sourced<string>;
  /** Undefined on AWS itself. */
  readonly endpointUrl: Sourced<string> | undefined;
  /** `AWS_ENDPOINT_URL_S3` and so on: SDK service id in upper snake case -> URL. */
  readonly serviceEndpoints: Readonly<Record<string, Sourced<string>>>;
  /** Whether the endpoint is the local AWS of this package (dummy credentials, never a profile). */
  readonly sandbox: boolean;
}
