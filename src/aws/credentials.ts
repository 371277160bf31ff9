import type { AwsCredentialIdentity, AwsCredentialIdentityProvider } from '@smithy/types';
import type { STSClientConfig } from '@aws-sdk/client-sts';
import { credentialsMissing } from './credential-errors.ts';
import { credentialSource } from './credential-source.ts';
import { type Env, readSharedConfig, variable } from './shared-config.ts';
import type { Target } from './target.ts';

/** Refreshed when less than this is left: as in the SDK's own chain. */
const REFRESH_MS = 5 * 60_000;

interface CredentialOptions {
  readonly target: Target;
  readonly env: Env;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Settings of the clients that fetch credentials (STS, IAM Identity Center): time limits and certificates. */
  readonly requestHandler: NonNullable<STSClientConfig['requestHandler']>;
  /** Settings of the STS client that assumes roles; endpoint included, so that it goes where the other calls go. */
  readonly sts: () => STSClientConfig;
  /** Asks for the code of a device (its serial number or ARN). Without it profiles with `mfa_serial` fail. */
  readonly askMfa?: ((device: string) => Promise<string>) | undefined;
}

/**
 * One provider for all clients of a run, so that a role is assumed once and a code asked for once. Throws
 * CREDENTIALS_MISSING at once when there is nothing to look for; other failures are the SDK's CredentialsProviderError.
 *
 * A profile is read by the SDK's profile provider alone and not by its whole chain: the chain would go on to the instance
 * metadata service when, for instance, `credential_process` fails, and report that it is not there.
 */
export async function createCredentials(options: CredentialOptions): Promise<AwsCredentialIdentityProvider> {
  const { target, env, now } = options;
  if (target.sandbox) return async () => ({ accessKeyId: 'test', secretAccessKey: 'test' });
  const shared = await readSharedConfig(env);
  const source = credentialSource({ env, shared, profile: target.profile });
  if (source === undefined) {
    return async () => {
      throw credentialsMissing();
    };
  }
  if (source === 'environment') return async () => environmentKeys(env);

  const assumer = async () => (await import('@aws-sdk/client-sts')).getDefaultRoleAssumer(options.sts());
  const webAssumer = async () =>
    (await import('@aws-sdk/client-sts')).getDefaultRoleAssumerWithWebIdentity(options.sts());
  const init = {
    ...(target.profile ? { profile: target.profile.value } : {}),
    ...(options.askMfa ? { mfaCodeProvider: options.askMfa } : {}),
    filepath: shared.credentialsPath,
    configFilepath: shared.configPath,
    clientConfig: { requestHandler: options.requestHandler },
    logger: SILENT,
    roleAssumer: async (...args: Parameters<Awaited<ReturnType<typeof assumer>>>) =>
      (await assumer())(...args),
    roleAssumerWithWebIdentity: async (...args: Parameters<Awaited<ReturnType<typeof webAssumer>>>) =>
      (await webAssumer())(...args),
  };
  const load = async (): Promise<AwsCredentialIdentity> => {
    if (source !== 'profile')
      return (await import('@aws-sdk/credential-provider-node')).defaultProvider(init)();
    const { fromIni } = await import('@aws-sdk/credential-provider-ini');
    const { mfa_serial: device, source_profile: origin } = shared.section(target.profile?.value);
    if (
      device !== undefined &&
      origin !== undefined &&
      shared.section(origin)['aws_access_key_id'] === undefined
    ) {
      // The SDK fetches the keys of the source profile while it waits for the code: a failure (SSO expired, say) would
      // be an unhandled rejection until the person has answered. So it has to show before anything is asked.
      await fromIni({ ...init, profile: origin })();
    }
    return fromIni(init)({ callerClientConfig: { region: async () => target.region.value } });
  };
  const { memoize } = await import('@smithy/core/config');
  return memoize(
    load,
    ({ expiration }) => expiration !== undefined && expiration.getTime() - now() < REFRESH_MS,
    ({ expiration }) => expiration !== undefined,
  );
}

/** Without a logger the SDK warns on the console, over the output of the command. */
const silent = () => undefined;
const SILENT = { debug: silent, info: silent, warn: silent, error: silent };

function environmentKeys(env: Env): AwsCredentialIdentity {
  const sessionToken = variable(env, 'AWS_SESSION_TOKEN');
  const accountId = variable(env, 'AWS_ACCOUNT_ID');
  return {
    accessKeyId: variable(env, 'AWS_ACCESS_KEY_ID') ?? '',
    secretAccessKey: variable(env, 'AWS_SECRET_ACCESS_KEY') ?? '',
    ...(sessionToken === undefined ? {} : { sessionToken }),
    ...(accountId === undefined ? {} : { accountId }),
  };
}
