import { homedir } from 'node:os';
import { join } from 'node:path';

export type Env = Readonly<Record<string, string | undefined>>;

type Section = Readonly<Record<string, string | undefined>>;

/** AWS's two files, parsed with the SDK's own parser, so that s3evt and the SDK never read them differently. */
export interface SharedConfig {
  readonly configPath: string;
  readonly credentialsPath: string;
  /** Names of all profiles of both files, in their order. */
  readonly profiles: readonly string[];
  /** A profile's settings, credentials file over config file as in the AWS CLI; empty when there is no such profile. */
  section(profile: string | undefined): Section;
  /** Where a setting of a profile stands, as people write it: `~/.aws/config [profile dev]`. */
  where(profile: string | undefined, setting: string): string;
  /** A `[services NAME]` section: keys are `s3.endpoint_url` and so on. Undefined when it does not exist. */
  services(name: string): Section | undefined;
}

/** A variable's value; a variable that is set to nothing counts as not set, as in the AWS CLI. */
export function variable(env: Env, name: string): string | undefined {
  const value = env[name];
  return value === undefined || value === '' ? undefined : value;
}

export function isTrue(value: string | undefined): boolean {
  return value?.toLowerCase() === 'true';
}

const read = new WeakMap<Env, Promise<SharedConfig>>();

/** Reads `~/.aws/config` and `~/.aws/credentials` (or AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE) once per environment. */
export function readSharedConfig(env: Env): Promise<SharedConfig> {
  const known = read.get(env);
  if (known) return known;
  const config = load(env);
  read.set(env, config);
  return config;
}

/** A file that is missing or cannot be read counts as empty, as in the SDK. */
async function load(env: Env): Promise<SharedConfig> {
  const home = variable(env, 'HOME') ?? variable(env, 'USERPROFILE') ?? homedir();
  const absolute = (path: string) => (path.startsWith('~/') ? join(home, path.slice(2)) : path);
  const configPath = absolute(variable(env, 'AWS_CONFIG_FILE') ?? join(home, '.aws', 'config'));
  const credentialsPath = absolute(
    variable(env, 'AWS_SHARED_CREDENTIALS_FILE') ?? join(home, '.aws', 'credentials'),
  );
  const { loadSharedConfigFiles } = await import('@smithy/core/config');
  const { configFile, credentialsFile } = await loadSharedConfigFiles({
    filepath: credentialsPath,
    configFilepath: configPath,
    ignoreCache: true,
  });
  const isProfile = (key: string) => !/^(?:services|sso-session)\./.test(key);
  const short = (path: string) =>
    path.startsWith(join(home, '/')) ? `~/${path.slice(home.length + 1)}` : path;
  const nameOf = (profile: string | undefined) => profile ?? 'default';
  return {
    configPath,
    credentialsPath,
    profiles: [...new Set([...Object.keys(configFile).filter(isProfile), ...Object.keys(credentialsFile)])],
    section: (profile) => ({ ...configFile[nameOf(profile)], ...credentialsFile[nameOf(profile)] }),
    where(profile, setting) {
      const name = nameOf(profile);
      if (credentialsFile[name]?.[setting] !== undefined) return `${short(credentialsPath)} [${name}]`;
      return `${short(configPath)} [${name === 'default' ? name : `profile ${name}`}]`;
    },
    services: (name) => configFile[`services.${name}`],
  };
}
