import { didYouMean } from '../core/did-you-mean.ts';
import { S3evtError } from '../core/errors.ts';
import type { ProjectSettings } from '../project/project-file.ts';
import { credentialSource } from './credential-source.ts';
import { ignoresConfiguredEndpoints, resolveEndpoints } from './endpoints.ts';
import { type Env, readSharedConfig, type SharedConfig, variable } from './shared-config.ts';

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

export interface TargetFlags {
  readonly profile?: string | undefined;
  readonly region?: string | undefined;
  readonly endpointUrl?: string | undefined;
  readonly sandbox?: boolean | undefined;
}

export interface TargetInput {
  readonly flags: TargetFlags;
  readonly env: Env;
  readonly project: ProjectSettings | undefined;
  /** The running local AWS; given whenever `usesSandbox` says so. */
  readonly sandbox?: { readonly endpoint: string; readonly region: string } | undefined;
}

/**
 * Whether a command is to run against the local AWS: `--sandbox`, or a project that lives there, unless an endpoint is
 * given by something stronger than the project file. Whoever builds the target starts the sandbox then. Throws USAGE for a
 * profile or a service's endpoint beside such a project.
 */
export function usesSandbox({
  flags,
  env,
  project,
}: Pick<TargetInput, 'flags' | 'env' | 'project'>): boolean {
  if (flags.sandbox === true) return true;
  if (flags.endpointUrl !== undefined || project?.sandbox !== true) return false;
  // What is stronger than the project file and leads elsewhere must not be passed over in silence.
  const elsewhere =
    flags.profile === undefined ? Object.keys(env).find((name) => isServiceEndpoint(env, name)) : '--profile';
  if (elsewhere !== undefined) {
    throw new S3evtError('USAGE', `${elsewhere} leads elsewhere, and s3evt.json is about the local AWS`, {
      hint: `Leave ${elsewhere} out, or run this in another folder.`,
    });
  }
  return variable(env, 'AWS_ENDPOINT_URL') === undefined || ignoresConfiguredEndpoints(env);
}

function isServiceEndpoint(env: Env, name: string): boolean {
  return (
    /^AWS_ENDPOINT_URL_./.test(name) && variable(env, name) !== undefined && !ignoresConfiguredEndpoints(env)
  );
}

/**
 * Merges flags, environment, project file and AWS config, in this order of strength.
 * Throws USAGE for values that cannot be meant (an unknown profile, an endpoint that is no URL) and INPUT_REQUIRED when
 * credentials may exist but no region is set. With neither, or on a custom endpoint, the region is us-east-1 with the
 * source `default`: the first call then reports the missing credentials, which helps a newcomer more than a question.
 */
export async function resolveTarget(input: TargetInput): Promise<Target> {
  const { flags, env, project } = input;
  for (const [flag, value] of [
    ['--profile NAME', flags.profile],
    ['--region REGION', flags.region],
    ['--endpoint-url URL', flags.endpointUrl],
  ] as const) {
    if (value === '') throw new S3evtError('USAGE', `${flag} was given without a value`);
  }
  if (flags.sandbox === true && flags.endpointUrl !== undefined) {
    throw new S3evtError('USAGE', '--sandbox and --endpoint-url cannot be used together', {
      hint: 'Both say where the calls go: pass one of them.',
    });
  }
  const givenRegion = regionOf([
    [flags.region, 'flag', '--region'],
    [variable(env, 'AWS_REGION'), 'environment', 'AWS_REGION'],
    [variable(env, 'AWS_DEFAULT_REGION'), 'environment', 'AWS_DEFAULT_REGION'],
    [project?.region, 'project file', 's3evt.json'],
  ]);
  if (input.sandbox) return sandboxTarget(input.sandbox, givenRegion);
  if (usesSandbox(input)) {
    // Without this a project of the local AWS would reach the real one.
    throw new S3evtError('SANDBOX_FAILED', 'the sandbox is wanted but does not run', {
      commands: ['s3evt sandbox start'],
    });
  }

  const shared = await readSharedConfig(env);
  const profile = profileOf(input, shared);
  const name = profile?.value;
  const endpoints = resolveEndpoints({ flag: flags.endpointUrl, env, project, shared, profile: name });
  const section = shared.section(name);
  const region = givenRegion ?? regionOf([[section['region'], 'AWS config', shared.where(name, 'region')]]);
  // Another server than AWS has no Regions to choose wrongly: us-east-1 is what they all know.
  const elsewhere = endpoints.endpointUrl !== undefined;
  if (!region && !elsewhere && credentialSource({ env, shared, profile }) !== undefined) {
    throw new S3evtError('INPUT_REQUIRED', 'no region is set', {
      hint: 'Pass --region REGION, or set AWS_REGION.',
    });
  }
  return {
    profile,
    region: region ?? { value: 'us-east-1', source: 'default', name: 'no region is set' },
    ...endpoints,
    sandbox: false,
  };
}

function sandboxTarget(
  sandbox: { readonly endpoint: string; readonly region: string },
  region: Sourced<string> | undefined,
): Target {
  return {
    profile: undefined,
    region: region ?? { value: sandbox.region, source: 'sandbox', name: 'sandbox' },
    endpointUrl: { value: sandbox.endpoint, source: 'sandbox', name: 'sandbox' },
    serviceEndpoints: {},
    sandbox: true,
  };
}

type Candidate = readonly [value: string | undefined, source: SettingSource, name: string];

function firstOf(candidates: readonly Candidate[]): Sourced<string> | undefined {
  for (const [value, source, name] of candidates) {
    if (value !== undefined) return { value, source, name };
  }
  return undefined;
}

function regionOf(candidates: readonly Candidate[]): Sourced<string> | undefined {
  const region = firstOf(candidates);
  // The SDK builds host names from it.
  if (region && !/^[A-Za-z0-9-]{1,63}$/.test(region.value)) {
    throw new S3evtError('USAGE', `${region.name}: "${region.value}" is not a region`, {
      hint: 'A region looks like eu-central-1.',
    });
  }
  return region;
}

function profileOf({ flags, env, project }: TargetInput, shared: SharedConfig): Sourced<string> | undefined {
  const profile = firstOf([
    [flags.profile, 'flag', '--profile'],
    [variable(env, 'AWS_PROFILE'), 'environment', 'AWS_PROFILE'],
    [project?.profile, 'project file', 's3evt.json'],
  ]);
  // "default" is what AWS uses without being told: no file has to define it.
  if (!profile || profile.value === 'default' || shared.profiles.includes(profile.value)) return profile;
  const meant = didYouMean(profile.value, shared.profiles);
  const known =
    shared.profiles.length === 0
      ? `There are no profiles in ${shared.configPath} and ${shared.credentialsPath}.`
      : `Known profiles: ${shared.profiles.join(', ')}.`;
  throw new S3evtError('USAGE', `${profile.name}: there is no profile "${profile.value}"`, {
    hint: meant === undefined ? known : `Did you mean "${meant}"? ${known}`,
  });
}
