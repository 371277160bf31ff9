import { S3evtError } from '../core/errors.ts';
import type { ProjectSettings } from '../project/project-file.ts';
import { type Env, isTrue, type SharedConfig, variable } from './shared-config.ts';
import type { SettingSource, Sourced, Target } from './target.ts';

/** The services that s3evt calls: SDK service ids in upper snake case, as they stand in `AWS_ENDPOINT_URL_<SERVICE>`. */
export const SERVICES = [
  'S3',
  'LAMBDA',
  'CLOUDWATCH_LOGS',
  'IAM',
  'STS',
  'SQS',
  'SNS',
  'EVENTBRIDGE',
  'KMS',
  'CLOUDWATCH',
  'CLOUDTRAIL',
] as const;

export type Service = (typeof SERVICES)[number];

/** What one source (flag, environment, project file, AWS config) says about endpoints. */
interface Level {
  readonly general: Sourced<string> | undefined;
  readonly services: Readonly<Record<string, Sourced<string>>>;
}

const NOTHING: Level = { general: undefined, services: {} };

/**
 * Endpoints by AWS's order (https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html) with the project
 * file between environment and AWS config. In one source the endpoint of a service beats the general one; a general
 * endpoint beats all of the weaker sources.
 * Throws USAGE for an endpoint that is no http(s) URL and for a `services` section that does not exist.
 */
export function resolveEndpoints(input: {
  readonly flag: string | undefined;
  readonly env: Env;
  readonly project: ProjectSettings | undefined;
  readonly shared: SharedConfig;
  readonly profile: string | undefined;
}): Pick<Target, 'endpointUrl' | 'serviceEndpoints'> {
  const { flag, env, project, shared, profile } = input;
  const ignored =
    ignoresConfiguredEndpoints(env) || isTrue(shared.section(profile)['ignore_configured_endpoint_urls']);
  const levels = [
    generalLevel(flag, 'flag', '--endpoint-url'),
    ignored ? NOTHING : environmentLevel(env),
    generalLevel(project?.endpointUrl, 'project file', 's3evt.json'),
    ignored ? NOTHING : configLevel(shared, profile),
  ];
  const serviceEndpoints: Record<string, Sourced<string>> = {};
  for (const { general, services } of levels) {
    for (const [service, endpoint] of Object.entries(services)) serviceEndpoints[service] ??= endpoint;
    if (general) return { endpointUrl: general, serviceEndpoints };
  }
  return { endpointUrl: undefined, serviceEndpoints };
}

export function ignoresConfiguredEndpoints(env: Env): boolean {
  return isTrue(variable(env, 'AWS_IGNORE_CONFIGURED_ENDPOINT_URLS'));
}

function generalLevel(url: string | undefined, source: SettingSource, name: string): Level {
  return url === undefined ? NOTHING : { general: endpoint(url, source, name), services: {} };
}

function environmentLevel(env: Env): Level {
  const services: Record<string, Sourced<string>> = {};
  for (const service of SERVICES) {
    const name = `AWS_ENDPOINT_URL_${service}`;
    const url = variable(env, name);
    if (url !== undefined) services[service] = endpoint(url, 'environment', name);
  }
  const general = generalLevel(variable(env, 'AWS_ENDPOINT_URL'), 'environment', 'AWS_ENDPOINT_URL').general;
  return { general, services };
}

function configLevel(shared: SharedConfig, profile: string | undefined): Level {
  const section = shared.section(profile);
  const services: Record<string, Sourced<string>> = {};
  const sectionName = section['services'];
  if (sectionName !== undefined) {
    const found = shared.services(sectionName);
    if (!found) {
      // The SDK fails too: going on would send the calls to AWS although the profile names another place.
      throw new S3evtError(
        'USAGE',
        `${shared.where(profile, 'services')} names the services section "${sectionName}", which does not exist`,
        {
          hint: `Add [services ${sectionName}] to ${shared.configPath}, or choose another profile.`,
        },
      );
    }
    for (const service of SERVICES) {
      const url = found[`${service.toLowerCase()}.endpoint_url`];
      if (url !== undefined) services[service] = endpoint(url, 'AWS config', `[services ${sectionName}]`);
    }
  }
  const general = generalLevel(
    section['endpoint_url'],
    'AWS config',
    shared.where(profile, 'endpoint_url'),
  ).general;
  return { general, services };
}

function endpoint(url: string, source: SettingSource, name: string): Sourced<string> {
  return { value: endpointUrl(url, name), source, name };
}

/** The URL without a slash at its end. Messages never repeat a URL that might hold a password. */
function endpointUrl(text: string, name: string): string {
  const hint = 'An endpoint looks like http://127.0.0.1:4566 or https://s3.example.com.';
  let url: URL;
  try {
    url = new URL(text);
  } catch (error) {
    if (text.includes('@')) throw new S3evtError('USAGE', `the endpoint of ${name} is not a URL`, { hint });
    throw new S3evtError('USAGE', `${name}: "${text}" is not a URL`, { hint, cause: error });
  }
  if (url.username !== '' || url.password !== '') {
    throw new S3evtError('USAGE', `the endpoint of ${name} holds a user name or password`, {
      hint: 'Take them out of the URL: requests are signed with the AWS credentials.',
    });
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    const shown = text.includes('@') ? 'The endpoint' : `"${text}"`;
    throw new S3evtError('USAGE', `${name}: ${shown} does not begin with http:// or https://`, { hint });
  }
  if (url.search !== '' || url.hash !== '') {
    throw new S3evtError('USAGE', `${name}: an endpoint has no "?" or "#" part`, { hint });
  }
  return url.href.replace(/\/+$/, '');
}

/**
 * Where the calls of one service go; undefined means AWS itself. Throws USAGE when the endpoint of another service was
 * moved away from AWS and nothing says where this one lives: by AWS's rules it would quietly be the real AWS.
 */
export function endpointFor(target: Target, service: Service): Sourced<string> | undefined {
  const found = target.serviceEndpoints[service] ?? target.endpointUrl;
  if (found) return found;
  const moved = Object.values(target.serviceEndpoints).find(({ value }) => !isAwsHost(value));
  if (!moved) return undefined;
  throw new S3evtError(
    'USAGE',
    `${moved.name} leads away from AWS, but no endpoint is set for ${SERVICE_NAMES[service]}`,
    {
      hint: `Set AWS_ENDPOINT_URL for all services, or AWS_ENDPOINT_URL_${service}.`,
    },
  );
}

const SERVICE_NAMES: Readonly<Record<Service, string>> = {
  S3: 'S3',
  LAMBDA: 'Lambda',
  CLOUDWATCH_LOGS: 'CloudWatch Logs',
  IAM: 'IAM',
  STS: 'STS',
  SQS: 'SQS',
  SNS: 'SNS',
  EVENTBRIDGE: 'EventBridge',
  KMS: 'KMS',
  CLOUDWATCH: 'CloudWatch',
  CLOUDTRAIL: 'CloudTrail',
};

/** Domains of AWS's partitions, VPC endpoints included; those with `api.` are the dual-stack ones. */
export function isAwsHost(url: string): boolean {
  return /\.(?:amazonaws\.com|amazonaws\.com\.cn|amazonaws\.eu|api\.aws|api\.amazonwebservices\.com\.cn)$/.test(
    new URL(url).hostname,
  );
}
