/** Reads and checks the settings of CreateFunction and UpdateFunctionConfiguration. */
import type {
  CreateFunctionRequest,
  LoggingConfig,
  UpdateFunctionConfigurationRequest,
} from '@aws-sdk/client-lambda';
import { parseArn } from '../../../core/arn.ts';
import type { LogLevel, LogSettings } from '../../lambda/execution.ts';
import type { RoleMay } from './async-targets.ts';
import { invalidParameter, validation } from './errors.ts';
import { checkRuntime } from './runtimes.ts';
import type { FunctionSettings } from './store.ts';

export type RoleCheck = (roleArn: string) => 'ok' | 'missing' | 'not-assumable';

const ROLE_PATTERN = 'arn:(aws[a-zA-Z-]*)?:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+';

/** https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html */
const RESERVED_VARIABLES: ReadonlySet<string> = new Set([
  '_HANDLER',
  '_X_AMZN_TRACE_ID',
  'AWS_DEFAULT_REGION',
  'AWS_REGION',
  'AWS_EXECUTION_ENV',
  'AWS_LAMBDA_FUNCTION_NAME',
  'AWS_LAMBDA_FUNCTION_MEMORY_SIZE',
  'AWS_LAMBDA_FUNCTION_VERSION',
  'AWS_LAMBDA_INITIALIZATION_TYPE',
  'AWS_LAMBDA_LOG_GROUP_NAME',
  'AWS_LAMBDA_LOG_STREAM_NAME',
  'AWS_ACCESS_KEY',
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'AWS_LAMBDA_RUNTIME_API',
  'LAMBDA_TASK_ROOT',
  'LAMBDA_RUNTIME_DIR',
]);

const MAX_VARIABLE_BYTES = 4096;

function checkRole(role: string, roleExists: RoleCheck | undefined): void {
  if (!new RegExp(`^${ROLE_PATTERN}$`).test(role)) {
    throw validation(role, 'role', `satisfy regular expression pattern: ${ROLE_PATTERN}`);
  }
  // A missing role and one whose trust policy does not name Lambda read the same.
  if ((roleExists?.(role) ?? 'ok') !== 'ok') {
    throw invalidParameter('The role defined for the function cannot be assumed by Lambda.');
  }
}

function checkRange(value: number, member: string, minimum: number, maximum: number): void {
  if (value < minimum) throw validation(value, member, `have value greater than or equal to ${minimum}`);
  if (value > maximum) throw validation(value, member, `have value less than or equal to ${maximum}`);
}

function checkVariables(variables: Readonly<Record<string, string>>): void {
  const refusal =
    'Lambda was unable to configure your environment variables because the environment variables you have provided';
  const reserved = Object.keys(variables).filter((name) => RESERVED_VARIABLES.has(name));
  if (reserved.length > 0) {
    throw invalidParameter(
      `${refusal} contains reserved keys that are currently not supported for modification. Reserved keys used in this request: ${reserved.join(', ')}`,
    );
  }
  const measured = JSON.stringify(variables);
  if (Buffer.byteLength(measured) > MAX_VARIABLE_BYTES) {
    throw invalidParameter(`${refusal} exceeded the 4KB limit. String measured: ${measured}`);
  }
}

function readLogging(
  name: string,
  input: LoggingConfig | undefined,
  former: LogSettings | undefined,
): LogSettings {
  if (!input) {
    return (
      former ?? {
        format: 'Text',
        group: `/aws/lambda/${name}`,
        applicationLevel: undefined,
        systemLevel: undefined,
      }
    );
  }
  const json = (input.LogFormat ?? former?.format ?? 'Text') === 'JSON';
  const group = input.LogGroup ?? former?.group ?? `/aws/lambda/${name}`;
  if (!json) {
    if (input.ApplicationLogLevel !== undefined || input.SystemLogLevel !== undefined) {
      throw invalidParameter('To configure an application or system log level, the log format must be JSON.');
    }
    return { format: 'Text', group, applicationLevel: undefined, systemLevel: undefined };
  }
  const level = (given: LogLevel | undefined, before: LogLevel | undefined) => given ?? before ?? 'INFO';
  return {
    format: 'JSON',
    group,
    applicationLevel: level(input.ApplicationLogLevel, former?.applicationLevel),
    systemLevel: level(input.SystemLogLevel, former?.systemLevel),
  };
}

/**
 * AWS looks at what the execution role may do with the target. Whether it looks for the target itself is UNKNOWN: here a queue
 * that does not exist is found out when a dead letter is lost.
 */
export function checkDeadLetterTarget(settings: FunctionSettings, roleMay: RoleMay | undefined): void {
  const { deadLetterArn: arn, role } = settings;
  const service = arn === undefined ? undefined : parseArn(arn)?.service;
  if (arn === undefined || (service !== 'sqs' && service !== 'sns')) return;
  const action = service === 'sqs' ? 'SendMessage' : 'Publish';
  if (roleMay?.(role, `${service}:${action}`, arn) === undefined) return;
  throw invalidParameter(
    `The provided execution role does not have permissions to call ${action} on ${service.toUpperCase()}`,
  );
}

/** An empty text removes what was set before. */
function unlessEmpty(given: string | undefined, former: string | undefined): string | undefined {
  return given === '' ? undefined : (given ?? former);
}

/**
 * The settings after an input; members that are absent keep their former value, or at creation their default.
 * Runtime and handler must come from one of the two.
 */
export function readSettings(
  name: string,
  input: Omit<CreateFunctionRequest, 'Code' | 'FunctionName' | 'Role'> &
    Pick<UpdateFunctionConfigurationRequest, 'Role'>,
  former: FunctionSettings | undefined,
  roleExists: RoleCheck | undefined,
): FunctionSettings {
  if (input.Role !== undefined) checkRole(input.Role, roleExists);
  if (input.Timeout !== undefined) checkRange(input.Timeout, 'timeout', 1, 900);
  if (input.MemorySize !== undefined) checkRange(input.MemorySize, 'memorySize', 128, 10_240);
  const runtime = input.Runtime ?? former?.runtime;
  const handler = input.Handler ?? former?.handler;
  if (runtime === undefined || handler === undefined) {
    throw invalidParameter(
      'Runtime and Handler are mandatory parameters for functions created with deployment packages.',
    );
  }
  if (input.Runtime !== undefined) checkRuntime(input.Runtime);
  if (input.Environment?.Variables) checkVariables(input.Environment.Variables);
  const vpc = input.VpcConfig && {
    subnetIds: input.VpcConfig.SubnetIds ?? [],
    securityGroupIds: input.VpcConfig.SecurityGroupIds ?? [],
  };
  return {
    runtime,
    handler,
    role: input.Role ?? former?.role ?? '',
    description: input.Description ?? former?.description ?? '',
    timeoutSeconds: input.Timeout ?? former?.timeoutSeconds ?? 3,
    memoryMb: input.MemorySize ?? former?.memoryMb ?? 128,
    variables: input.Environment ? { ...input.Environment.Variables } : former?.variables,
    logging: readLogging(name, input.LoggingConfig, former?.logging),
    deadLetterArn: unlessEmpty(input.DeadLetterConfig?.TargetArn, former?.deadLetterArn),
    tracingMode: input.TracingConfig?.Mode ?? former?.tracingMode ?? 'PassThrough',
    ephemeralStorageMb: input.EphemeralStorage?.Size ?? former?.ephemeralStorageMb ?? 512,
    architectures: input.Architectures ?? former?.architectures ?? ['x86_64'],
    layers: input.Layers ?? former?.layers ?? [],
    kmsKeyArn: unlessEmpty(input.KMSKeyArn, former?.kmsKeyArn),
    vpc: vpc ?? former?.vpc,
    snapStart: input.SnapStart?.ApplyOn ?? former?.snapStart ?? 'None',
  };
}
