import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Env, isTrue, type SharedConfig, variable } from './shared-config.ts';
import type { Sourced } from './target.ts';

type CredentialSource = 'environment' | 'profile' | 'web identity' | 'container' | 'instance';

/** Settings of which one is in every profile that can yield credentials. */
const PROFILE_SETTINGS = [
  'aws_access_key_id',
  'role_arn',
  'credential_process',
  'credential_source',
  'sso_session',
  'sso_start_url',
  'sso_account_id',
  'web_identity_token_file',
  'login_session',
];

/**
 * Where credentials would come from, found without asking anybody. Undefined means that there are none: the SDK's chain
 * would come to the same answer only after two time-outs of one second at an instance metadata service that is not there.
 * Order: as in the AWS CLI, keys in the environment beat AWS_PROFILE (and so the project file), but not `--profile`.
 */
export function credentialSource(input: {
  readonly env: Env;
  readonly shared: SharedConfig;
  readonly profile: Sourced<string> | undefined;
  /** For tests: where Linux describes the machine. */
  readonly sys?: string;
}): CredentialSource | undefined {
  const { env, shared, profile, sys = '/sys' } = input;
  const has = (name: string) => variable(env, name) !== undefined;
  if (profile?.source !== 'flag' && has('AWS_ACCESS_KEY_ID') && has('AWS_SECRET_ACCESS_KEY'))
    return 'environment';
  const section = shared.section(profile?.value);
  if (PROFILE_SETTINGS.some((setting) => section[setting] !== undefined)) return 'profile';
  if (has('AWS_WEB_IDENTITY_TOKEN_FILE') && has('AWS_ROLE_ARN')) return 'web identity';
  if (has('AWS_CONTAINER_CREDENTIALS_RELATIVE_URI') || has('AWS_CONTAINER_CREDENTIALS_FULL_URI'))
    return 'container';
  if (isTrue(variable(env, 'AWS_EC2_METADATA_DISABLED'))) return undefined;
  return has('AWS_EC2_METADATA_SERVICE_ENDPOINT') || isEc2(sys) ? 'instance' : undefined;
}

/**
 * Whether Linux says that this machine is an EC2 instance
 * (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/identify_ec2_instances.html). Other systems have no sign that is
 * as cheap: there AWS_EC2_METADATA_SERVICE_ENDPOINT=http://169.254.169.254 says it.
 */
function isEc2(sys: string): boolean {
  const text = (...path: string[]) => {
    try {
      return readFileSync(join(sys, ...path), 'latin1').toLowerCase();
    } catch {
      return '';
    }
  };
  const dmi = (name: string) => text('class', 'dmi', 'id', name);
  return (
    dmi('board_vendor').includes('amazon ec2') ||
    dmi('sys_vendor').includes('amazon ec2') ||
    dmi('product_uuid').startsWith('ec2') ||
    text('hypervisor', 'uuid').startsWith('ec2')
  );
}
