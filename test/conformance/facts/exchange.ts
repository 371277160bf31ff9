/** What goes over the wire around one call of the SDK: headers that it does not set, bodies that it would not send. */
import { Readable } from 'node:stream';

interface WireRequest {
  hostname: string;
  path: string;
  readonly query: Record<string, string | null>;
  readonly headers: Record<string, string>;
  body: unknown;
}

interface WireResponse {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  body: unknown;
}

export interface Exchange {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** As it came. */
  readonly body: string;
  /** What the SDK made of it; undefined for an error. */
  readonly output: unknown;
}

type Middleware = (next: (args: object) => Promise<unknown>) => (args: object) => Promise<unknown>;

interface CommandStack {
  readonly middlewareStack: { add(middleware: never, options: never): void };
}

/**
 * Sends the command, its request changed by `change` before it is signed, and resolves with what came back, an error too.
 * Rejects only when nothing came back.
 */
export async function exchange(
  client: { readonly send: (command: never) => unknown },
  command: object,
  change: (request: WireRequest) => void = () => undefined,
): Promise<Exchange> {
  let seen: Omit<Exchange, 'output'> | undefined;
  const { middlewareStack } = command as CommandStack;
  const add = middlewareStack.add.bind(middlewareStack) as (middleware: Middleware, options: object) => void;
  add(
    (next) => (args) => {
      change((args as { request: WireRequest }).request);
      return next(args);
    },
    // After the SDK's own headers, before the signature.
    { step: 'build', priority: 'low', name: 'changeRequest' },
  );
  add(
    (next) => async (args) => {
      const result = (await next(args)) as { response: WireResponse };
      const { response } = result;
      const body = await text(response.body);
      response.body = Readable.from(body === '' ? [] : [Buffer.from(body)]);
      seen = { status: response.statusCode, headers: response.headers, body };
      return result;
    },
    // Nearest to the network.
    { step: 'deserialize', priority: 'low', name: 'readResponse' },
  );
  let output: unknown;
  try {
    output = await client.send(command as never);
  } catch (error) {
    // An answer that the SDK turns into an error is an answer.
    if (!seen) throw error;
  }
  if (!seen) throw new Error('the SDK answered without asking');
  return { ...seen, output };
}

async function text(body: unknown): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of body as AsyncIterable<Uint8Array>) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}
