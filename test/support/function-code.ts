import { zipSync } from 'fflate';

/** A deployment package with one file. */
export function zipOf(name: string, code: string): Uint8Array {
  return zipSync({ [name]: Buffer.from(code) });
}

export interface FunctionCode {
  readonly Runtime: 'python3.12' | 'nodejs22.x';
  readonly Handler: string;
  readonly Code: { readonly ZipFile: Uint8Array };
}

/** Handlers that print `EVENT <event name> <key>` for each record of S3's own events and return their process id. */
export const PRINTING_HANDLERS = {
  python: {
    Runtime: 'python3.12',
    Handler: 'app.handler',
    Code: {
      ZipFile: zipOf(
        'app.py',
        `
import os

def handler(event, context):
    for record in filter(lambda one: 's3' in one, event.get('Records', [])):
        print('EVENT', record['eventName'], record['s3']['object']['key'])
    return {'pid': os.getpid()}
`,
      ),
    },
  },
  node: {
    Runtime: 'nodejs22.x',
    Handler: 'app.handler',
    Code: {
      ZipFile: zipOf(
        'app.mjs',
        `
export const handler = async (event) => {
  for (const { eventName, s3 } of event.Records ?? []) if (s3) console.log('EVENT', eventName, s3.object.key);
  return { pid: process.pid };
};
`,
      ),
    },
  },
} as const satisfies Record<string, FunctionCode>;

export const LAMBDA_TRUST = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
});
