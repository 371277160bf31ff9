import { readFileSync } from 'node:fs';
import type { AwsCredentialIdentityProvider } from '@smithy/types';
import { S3evtError } from '../core/errors.ts';
import { createCredentials } from './credentials.ts';
import { endpointFor, type Service } from './endpoints.ts';
import { type Env, readSharedConfig, variable } from './shared-config.ts';
import type { Target } from './target.ts';

const CONNECTION_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 60_000;
const DEFAULT_ATTEMPTS = 3;

interface SettingsOptions {
  readonly env: Env;
  readonly now: () => number;
  readonly maxAttempts?: number | undefined;
  readonly askMfa?: ((device: string) => Promise<string>) | undefined;
}

/**
 * Reads once what all clients need: certificates, retries, credentials. The function it returns gives the settings for
 * one service. Throws FILE_UNREADABLE for a CA bundle that is not there, USAGE for AWS settings that make no sense.
 */
export async function createSettings(target: Target, options: SettingsOptions) {
  const { env } = options;
  // The sandbox is plain HTTP and has dummy keys: nothing in AWS's files concerns it.
  const shared = target.sandbox ? undefined : await readSharedConfig(env);
  const section = shared?.section(target.profile?.value) ?? {};
  const bundle = variable(env, 'AWS_CA_BUNDLE') ?? section['ca_bundle'];
  const ca = shared === undefined || bundle === undefined ? undefined : readCaBundle(bundle);
  // Options and not a handler: each client closes its own sockets then. Connections are kept alive by default.
  const requestHandler = {
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    throwOnRequestTimeout: true,
    ...(ca === undefined ? {} : { httpsAgent: { ca } }),
  };
  const common = {
    region: target.region.value,
    ...(target.profile ? { profile: target.profile.value } : {}),
    maxAttempts:
      options.maxAttempts ?? attempts(variable(env, 'AWS_MAX_ATTEMPTS') ?? section['max_attempts']),
    // The SDK has no "legacy" mode, the only other value that AWS knows.
    retryMode:
      (variable(env, 'AWS_RETRY_MODE') ?? section['retry_mode']) === 'adaptive' ? 'adaptive' : 'standard',
    requestHandler,
  };
  const place = (service: Service) => {
    const endpoint = endpointFor(target, service);
    // The target has decided: the SDK must not read endpoints from environment and files a second time.
    if (!endpoint) return { ignoreConfiguredEndpointUrls: true };
    return {
      endpoint: endpoint.value,
      // Some operations go to a host name of their own, as streaming-logs.REGION, which other servers do not have.
      disableHostPrefix: true,
      useFipsEndpoint: false,
      useDualstackEndpoint: false,
    };
  };
  const credentials: AwsCredentialIdentityProvider = await createCredentials({
    target,
    env,
    now: options.now,
    requestHandler,
    sts: () => ({ ...common, ...place('STS') }),
    askMfa: options.askMfa,
  });
  return (service: Service) => ({ ...common, ...place(service), credentials });
}

function attempts(text: string | undefined): number {
  if (text === undefined) return DEFAULT_ATTEMPTS;
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1) return number;
  throw new S3evtError(
    'USAGE',
    `AWS_MAX_ATTEMPTS (or max_attempts) must be a whole number from 1, it is "${text}"`,
  );
}

/** The bundle takes the place of the system's certificate authorities, as in the AWS CLI. */
function readCaBundle(path: string): string {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new S3evtError(
      'FILE_UNREADABLE',
      `the CA bundle ${path} cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)})`,
      {
        hint: 'Correct AWS_CA_BUNDLE, or ca_bundle in the AWS config file.',
        cause: error,
      },
    );
  }
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
  throw new S3evtError('FILE_UNREADABLE', `the CA bundle ${path} holds no certificate in PEM form`, {
    hint: 'Correct AWS_CA_BUNDLE, or ca_bundle in the AWS config file.',
  });
}
