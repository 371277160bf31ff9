import { strToU8, zipSync } from 'fflate';

/** The function that `init` creates: it prints the event, so that `tail` can show it, and does nothing else. */
export interface FunctionCode {
  readonly handler: string;
  readonly zip: Uint8Array;
}

const PYTHON = `import json

# An event carries the key form-urlencoded: "summer trip/beach 1.jpeg" arrives as "summer+trip/beach+1.jpeg".
# Decode it before it goes back to S3:
#
#     from urllib.parse import unquote_plus
#     key = unquote_plus(record["s3"]["object"]["key"])


def handler(event, context):
    print(json.dumps(event))
    return {"records": len(event.get("Records", []))}
`;

const NODE = `// An event carries the key form-urlencoded: "summer trip/beach 1.jpeg" arrives as "summer+trip/beach+1.jpeg".
// Decode it before it goes back to S3:
//
//     const key = decodeURIComponent(record.s3.object.key.replaceAll('+', ' '));

export const handler = async (event) => {
  console.log(JSON.stringify(event));
  return { records: event.Records?.length ?? 0 };
};
`;

/**
 * A fixed time in the archive: the same code gives the same bytes, hence the same CodeSha256. Local time, as archives
 * have it: with a zone the bytes would differ from machine to machine.
 */
const MTIME = '2026-01-01T00:00:00';

export function isNodeRuntime(runtime: string): boolean {
  return runtime.startsWith('nodejs');
}

/** The deployment package for a `python3.x` or `nodejs*` runtime. */
export function functionCode(runtime: string): FunctionCode {
  const [file, source] = isNodeRuntime(runtime) ? ['index.mjs', NODE] : ['app.py', PYTHON];
  // Unix permissions: Lambda runs the code as another user, who has to be able to read it.
  const zip = zipSync({ [file]: [strToU8(source), { mtime: MTIME, os: 3, attrs: 0o644 << 16 }] });
  return { handler: `${file.split('.')[0] ?? ''}.handler`, zip };
}
