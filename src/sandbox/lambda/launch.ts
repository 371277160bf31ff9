/** How a function's runtime is started: interpreter, bootstrap, and the environment variables that AWS gives it. */
import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SandboxEnv } from '../env.ts';
import type { CodeStore } from './code-package.ts';
import type { ExecutionSpec } from './execution.ts';
import { findPython, type FindPython, type PythonInterpreter } from './interpreter.ts';
import type { RuntimeCommand } from './runtime-process.ts';

/** The machine lacks what the function needs; the message says what, for the log and for the result. */
export class CannotLaunch extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'CannotLaunch';
  }
}

export interface Launch extends RuntimeCommand {
  /** See output-reader.ts. */
  readonly outputToken: string;
}

export interface LaunchIdentity {
  readonly environmentId: string;
  readonly logStream: string;
}

/** Credentials of execution roles, as environments find them in their variables. */
export interface FunctionCredentials {
  /** The session has the function's name. The same ones for further launches in the same environment. */
  forEnvironment(
    environmentId: string,
    roleArn: string,
    functionName: string,
  ): {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken: string;
  };
  /** The environment is gone: its credentials are worth nothing any more. */
  release(environmentId: string): void;
}

/** Of a Lambda without an IAM beside it. */
const NO_CREDENTIALS = { accessKeyId: 'sandbox', secretAccessKey: 'sandbox', sessionToken: 'sandbox' };

export type Launcher = (spec: ExecutionSpec, identity: LaunchIdentity) => Promise<Launch>;

/** Both files stand beside this one, or beside the bundle that this one has become part of. */
const bootstrap = (name: string) => fileURLToPath(new URL(name, import.meta.url));

export function createLauncher(
  env: SandboxEnv,
  store: CodeStore,
  find: FindPython = findPython,
  credentials?: Pick<FunctionCredentials, 'forEnvironment'>,
): Launcher {
  let python: Promise<PythonInterpreter> | undefined;

  async function interpreter(
    runtime: string,
  ): Promise<{ command: string; args: string[]; userBase?: string }> {
    if (runtime.startsWith('nodejs'))
      return { command: process.execPath, args: [bootstrap('./bootstrap.mjs')] };
    if (!runtime.startsWith('python')) {
      throw new CannotLaunch(`this sandbox runs python3.x and nodejs functions, not ${runtime}`);
    }
    python ??= find();
    try {
      const { executable, userBase } = await python;
      return {
        command: executable,
        args: [bootstrap('./bootstrap.py')],
        ...(userBase !== undefined && { userBase }),
      };
    } catch (error) {
      // Asked again next time: somebody may install it meanwhile.
      python = undefined;
      const reason = error instanceof Error ? error.message : String(error);
      throw new CannotLaunch(`no python3 was found on this machine: ${reason}`);
    }
  }

  return async (spec, identity) => {
    const { command, args, userBase } = await interpreter(spec.runtime);
    const taskRoot = await store.folder(spec.code).catch((error: unknown) => {
      throw new CannotLaunch(error instanceof Error ? error.message : String(error));
    });
    const temporary = join(env.stateDir, 'tmp');
    await mkdir(temporary, { recursive: true });
    const outputToken = randomBytes(8).toString('hex');
    const keys =
      credentials?.forEnvironment(identity.environmentId, spec.role, spec.functionName) ?? NO_CREDENTIALS;
    const variables: Record<string, string> = {
      ...machineVariables(temporary, userBase),
      // Code that calls AWS calls this sandbox; a variable of the function itself may send it elsewhere.
      AWS_ENDPOINT_URL: `http://${env.address()}`,
      ...spec.variables,
      ...lambdaVariables(spec, identity, taskRoot),
      AWS_ACCESS_KEY_ID: keys.accessKeyId,
      AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
      AWS_SESSION_TOKEN: keys.sessionToken,
      AWS_LAMBDA_RUNTIME_API: `${env.address()}/_sandbox/runtime/${identity.environmentId}`,
      SANDBOX_OUTPUT_TOKEN: outputToken,
    };
    return { command, args, cwd: taskRoot, env: variables, outputToken };
  };
}

/**
 * What the interpreters need of the machine, and nothing else of this process's environment: the person's
 * credentials and AWS profile stay out of reach, and so does their home folder.
 */
function machineVariables(temporary: string, userBase: string | undefined): Record<string, string> {
  const variables: Record<string, string> = {
    PATH: process.env['PATH'] ?? ['/usr/local/bin', '/usr/bin', '/bin'].join(delimiter),
    HOME: temporary,
    TMPDIR: temporary,
    AWS_CONFIG_FILE: join(temporary, 'no-aws-config'),
    AWS_SHARED_CREDENTIALS_FILE: join(temporary, 'no-aws-credentials'),
    AWS_EC2_METADATA_DISABLED: 'true',
    // The SDK's notice about old Node versions would stand in every function's log.
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    PYTHONDONTWRITEBYTECODE: '1',
    ...(userBase !== undefined && { PYTHONUSERBASE: userBase }),
  };
  for (const name of ['SystemRoot', 'ComSpec', 'PATHEXT']) {
    const value = process.env[name];
    if (process.platform === 'win32' && value !== undefined) variables[name] = value;
  }
  return variables;
}

/** https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html, "Defined runtime environment variables". */
function lambdaVariables(
  spec: ExecutionSpec,
  identity: LaunchIdentity,
  taskRoot: string,
): Record<string, string> {
  const { format, group, applicationLevel } = spec.logging;
  return {
    _HANDLER: spec.handler,
    AWS_REGION: spec.region,
    AWS_DEFAULT_REGION: spec.region,
    AWS_EXECUTION_ENV: `AWS_Lambda_${spec.runtime}`,
    AWS_LAMBDA_FUNCTION_NAME: spec.functionName,
    AWS_LAMBDA_FUNCTION_VERSION: spec.version,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(spec.memoryMb),
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: group,
    AWS_LAMBDA_LOG_STREAM_NAME: identity.logStream,
    ...(format === 'JSON' && {
      AWS_LAMBDA_LOG_FORMAT: 'JSON',
      AWS_LAMBDA_LOG_LEVEL: applicationLevel ?? 'INFO',
    }),
    LAMBDA_TASK_ROOT: taskRoot,
    LAMBDA_RUNTIME_DIR: taskRoot,
    TZ: ':UTC',
    LANG: 'en_US.UTF-8',
  };
}
