import type { InitializeMiddleware, MetadataBearer } from '@smithy/types';
import { wireError } from './wire-error.ts';

interface Traceable {
  readonly middlewareStack: {
    add(
      middleware: InitializeMiddleware<object, MetadataBearer>,
      options: { readonly step: 'initialize'; readonly priority: 'high'; readonly name: string },
    ): void;
  };
}

/** Writes one line for each call of a client, retries included: `S3 HeadBucket 200, 12 ms, 1 attempt, request id ...`. */
export function logCalls(client: Traceable, now: () => number, write: (line: string) => void): void {
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const began = now();
      const name = `${context.clientName?.replace(/Client$/, '') ?? 'AWS'} ${context.commandName?.replace(/Command$/, '') ?? 'call'}`;
      const line = (outcome: string, metadata: Partial<MetadataBearer['$metadata']> | undefined) => {
        const attempts = metadata?.attempts ?? 1;
        const id = metadata?.requestId === undefined ? '' : `, request id ${metadata.requestId}`;
        write(
          `${name} ${outcome}, ${now() - began} ms, ${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}${id}`,
        );
      };
      try {
        const result = await next(args);
        line(String(result.output.$metadata.httpStatusCode ?? 'done'), result.output.$metadata);
        return result;
      } catch (error) {
        const { status, name: code, code: reason } = wireError(error);
        const metadata = (error as Partial<MetadataBearer> | undefined)?.$metadata;
        line(
          `${status === undefined ? '' : `${status} `}${status === undefined ? (reason ?? code) : code}`,
          metadata,
        );
        throw error;
      }
    },
    { step: 'initialize', priority: 'high', name: 's3evtDebug' },
  );
}
