import { parseArn } from '../arn.ts';
import { statementIdFor } from '../names.ts';
import type { Sender } from './admission.ts';

/** An id for the statement that admits the sender, apart from those that are taken. */
export function freeStatementId({ service, sourceArn }: Sender, taken: ReadonlySet<string>): string {
  const name = (parseArn(sourceArn)?.resource ?? sourceArn).replace(/[^A-Za-z0-9_-]/g, '_');
  const base = statementIdFor(
    service === 's3.amazonaws.com' ? name : `${service.split('.')[0] ?? ''}-${name}`,
  );
  if (!taken.has(base)) return base;
  for (let number = 2; ; number++) {
    const id = `${base.slice(0, 96)}-${number}`;
    if (!taken.has(id)) return id;
  }
}
