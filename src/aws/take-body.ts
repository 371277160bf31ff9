import type { DeserializeMiddleware, MiddlewareStack } from '@smithy/types';

interface Answer {
  readonly statusCode: number;
  body: unknown;
}

/**
 * Has `read` take the text of a command's successful answer, past the SDK's deserializer, which looks every item up in the
 * schema: on a page of log events that costs several times the parsing. Signing, retries, time limits and errors stay the SDK's,
 * which gets an empty document in place of this one. An answer that is an error, and one that `read` throws on, the SDK gets as
 * it came, so that the failure is the one it would have been; a body that breaks off is read again like any other.
 *
 * Call it before `send`, once for each command. The function it returns gives what `read` made of the answer that `send` resolved
 * to; undefined if the SDK has read it itself.
 */
export function takeBody<Content>(
  command: object,
  read: (text: string) => Content,
): () => Content | undefined {
  let taken: Content | undefined;
  const middleware: DeserializeMiddleware<object, object> = (next) => async (args) => {
    taken = undefined;
    const result = await next(args);
    const answer = result.response as Answer;
    if (answer.statusCode !== 200 || !isStream(answer.body)) return result;
    const bytes = await bytesOf(answer.body);
    answer.body = bytes;
    try {
      taken = read(bytes.toString());
      answer.body = EMPTY;
    } catch {
      // The SDK finds the same mistake, and words it.
    }
    return result;
  };
  const { middlewareStack } = command as { middlewareStack: MiddlewareStack<object, object> };
  // Next to the wire: inside of the deserializer and, for its failures to be tried again, of the retries.
  middlewareStack.add(middleware, { step: 'deserialize', priority: 'low', name: 'takeBody' });
  return () => taken;
}

const EMPTY = Buffer.from('{}');

/** Rejects when the connection ends before the answer does. */
async function bytesOf(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function isStream(body: unknown): body is AsyncIterable<Uint8Array> {
  return typeof body === 'object' && body !== null && Symbol.asyncIterator in body;
}
