import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { credentialSource } from '../../src/aws/credential-source.ts';
import { readSharedConfig } from '../../src/aws/shared-config.ts';
import type { Sourced } from '../../src/aws/target.ts';
import { KEYS, makeHome } from './support.ts';

const FILES = {
  '.aws/config': [
    '[default]',
    'region = eu-west-1',
    '[profile sso]',
    'sso_session = corp',
    '[profile role]',
    'role_arn = arn:aws:iam::111122223333:role/x',
    'source_profile = keys',
    '[profile process]',
    'credential_process = true',
    '[profile bare]',
    'region = eu-west-1',
    '[sso-session corp]',
    'sso_region = eu-west-1',
    '',
  ].join('\n'),
  '.aws/credentials': '[keys]\naws_access_key_id = AKIA\naws_secret_access_key = s\n',
};

async function sourceOf(
  env: Readonly<Record<string, string>>,
  profile?: Sourced<string>,
  machine: Readonly<Record<string, string>> = {},
) {
  const home = makeHome({ ...FILES, ...machine });
  const all = { HOME: home.path, ...env };
  return credentialSource({
    env: all,
    shared: await readSharedConfig(all),
    profile,
    sys: join(home.path, 'sys'),
  });
}

const flag = (value: string): Sourced<string> => ({ value, source: 'flag', name: '--profile' });
const variable = (value: string): Sourced<string> => ({ value, source: 'environment', name: 'AWS_PROFILE' });

describe('credentialSource', () => {
  test.each<[string, Record<string, string>, Sourced<string> | undefined, string | undefined]>([
    ['nothing: a profile with a region only', {}, undefined, undefined],
    ['keys', KEYS, undefined, 'environment'],
    ['half a pair of keys', { AWS_ACCESS_KEY_ID: 'AKIA' }, undefined, undefined],
    ['empty keys', { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' }, undefined, undefined],
    ['keys beat AWS_PROFILE', KEYS, variable('keys'), 'environment'],
    ['--profile beats keys', KEYS, flag('keys'), 'profile'],
    ['profile with SSO', {}, flag('sso'), 'profile'],
    ['profile with a role', {}, flag('role'), 'profile'],
    ['profile with a process', {}, variable('process'), 'profile'],
    ['profile without credentials', {}, flag('bare'), undefined],
    ['web identity', { AWS_WEB_IDENTITY_TOKEN_FILE: '/t', AWS_ROLE_ARN: 'arn' }, undefined, 'web identity'],
    ['container', { AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://127.0.0.1/x' }, undefined, 'container'],
    ['container, relative', { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/x' }, undefined, 'container'],
    ['metadata service', { AWS_EC2_METADATA_SERVICE_ENDPOINT: 'http://127.0.0.1:1' }, undefined, 'instance'],
  ])('%s', async (_name, env, profile, source) => {
    expect(await sourceOf(env, profile)).toBe(source);
  });

  test.each([
    ['sys/class/dmi/id/board_vendor', 'Amazon EC2\n'],
    ['sys/class/dmi/id/sys_vendor', 'Amazon EC2\n'],
    ['sys/class/dmi/id/product_uuid', 'EC2D3E4F-0000-0000-0000-000000000000\n'],
    ['sys/hypervisor/uuid', 'ec2d3e4f-0000-0000-0000-000000000000\n'],
  ])('an EC2 instance is known by %s', async (file, text) => {
    expect(await sourceOf({}, undefined, { [file]: text })).toBe('instance');
    expect(
      await sourceOf({ AWS_EC2_METADATA_DISABLED: 'true' }, undefined, { [file]: text }),
    ).toBeUndefined();
    expect(await sourceOf({}, undefined, { [file]: 'QEMU\n' })).toBeUndefined();
  });
});
