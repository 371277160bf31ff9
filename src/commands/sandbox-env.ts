/** Shells whose syntax `sandbox env` speaks. `posix` is sh, bash and zsh. */
export const SHELLS = ['posix', 'fish', 'powershell'] as const;
export type Shell = (typeof SHELLS)[number];

export interface SandboxEnvironment {
  readonly variables: Readonly<Record<string, string>>;
  readonly unset: readonly string[];
  readonly lines: readonly string[];
}

/**
 * Variables that would win over the endpoint or over the dummy keys: SDKs prefer a service's own endpoint to the common one,
 * a profile to keys in the environment, and a leftover session token would be sent with the dummy keys
 * (https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html).
 */
function misleads(name: string): boolean {
  return (
    /^AWS_ENDPOINT_URL_/.test(name) ||
    [
      'AWS_IGNORE_CONFIGURED_ENDPOINT_URLS',
      'AWS_PROFILE',
      'AWS_DEFAULT_PROFILE',
      'AWS_SESSION_TOKEN',
    ].includes(name)
  );
}

export function environmentLines(
  sandbox: { readonly endpoint: string; readonly region: string },
  shell: Shell,
  env: Readonly<Record<string, string | undefined>>,
): SandboxEnvironment {
  const variables = {
    AWS_ENDPOINT_URL: sandbox.endpoint,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_REGION: sandbox.region,
    AWS_DEFAULT_REGION: sandbox.region,
    // botocore would call stream-127.0.0.1 for StartLiveTail; the JavaScript SDK needs disableHostPrefix in code.
    AWS_DISABLE_HOST_PREFIX_INJECTION: 'true',
  };
  const unset = Object.keys(env)
    .filter((name) => misleads(name) && env[name] !== undefined)
    // Names from the environment may hold anything, and the lines are evaluated.
    .filter((name) => /^\w+$/.test(name))
    .sort();
  const lines = [
    '# AWS CLI version 1 ignores AWS_ENDPOINT_URL for some services (sqs): give it the endpoint yourself,',
    `# aws --endpoint-url ${sandbox.endpoint} sqs ...`,
    ...unset.map((name) => unsetLine(shell, name)),
    ...Object.entries(variables).map(([name, value]) => setLine(shell, name, value)),
  ];
  return { variables, unset, lines };
}

function setLine(shell: Shell, name: string, value: string): string {
  switch (shell) {
    case 'posix':
      return `export ${name}=${posixQuote(value)}`;
    case 'fish':
      return `set -gx ${name} '${value.replace(/[\\']/g, String.raw`\$&`)}'`;
    case 'powershell':
      return `$env:${name} = '${value.replaceAll("'", "''")}'`;
  }
}

function unsetLine(shell: Shell, name: string): string {
  switch (shell) {
    case 'posix':
      return `unset ${name}`;
    case 'fish':
      return `set -e ${name}`;
    case 'powershell':
      return `Remove-Item Env:${name}`;
  }
}

function posixQuote(value: string): string {
  return /^[\w@%+=:,./-]+$/.test(value) ? value : `'${value.replaceAll("'", String.raw`'\''`)}'`;
}
