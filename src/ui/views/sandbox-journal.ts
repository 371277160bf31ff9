import type { SandboxJournalItem, SandboxJournalResult } from '../../commands/sandbox-journal.ts';
import { formatDuration } from '../../core/duration.ts';
import { sanitize } from '../sanitize.ts';
import type { Style } from '../theme.ts';
import type { ShownItem, ViewOptions } from '../view-options.ts';
import { folded } from './parts.ts';

/** The longest outcome is `delivered`. */
const OUTCOME_WIDTH = 9;
/** Time, outcome and the gaps after them. */
const INDENT = 12 + 2 + OUTCOME_WIDTH + 2;

const SENDERS = { s3: 'S3', eventbridge: 'EventBridge', sns: 'SNS', lambda: 'Lambda' } as const;

/** `03:04:05.123  refused    S3 ObjectCreated:Put photos/a.jpg -> sqs inbox: why`; in a pipe with tabs, and the type. */
export function viewSandboxJournalItem(item: SandboxJournalItem, options: ViewOptions): ShownItem {
  const { theme, plain } = options;
  const time = item.time.slice(11, 23);
  const { outcome, good, text } = partsOf(item, options);
  if (plain) return { stdout: [[time, item.type, outcome, text].join('\t')] };
  const style: Style = good ? theme.good : theme.bad;
  const [first = '', ...more] = folded(text, INDENT, options);
  const head = `${theme.dim(time)}  ${style(outcome.padEnd(OUTCOME_WIDTH))}  `;
  return { stdout: [head + first.trimStart(), ...more] };
}

/** What happened was printed line by line. */
export function viewSandboxJournal(result: SandboxJournalResult): readonly string[] {
  return result.state === 'ended' ? ['The local AWS has ended.'] : [];
}

function partsOf(
  item: SandboxJournalItem,
  { theme }: ViewOptions,
): { readonly outcome: string; readonly good: boolean; readonly text: string } {
  switch (item.type) {
    case 'request': {
      const { service, operation, status, errorCode, durationMs } = item;
      const code = errorCode === null ? '' : ` ${errorCode}`;
      return {
        outcome: status === 0 ? 'cut' : String(status),
        good: status > 0 && status < 400,
        text: sanitize(`${service}.${operation}${code}, ${formatDuration(durationMs)}${faultText(item)}`),
      };
    }
    case 'delivery': {
      const { via, eventName, destination, outcome, reason } = item;
      const object = item.bucket === null ? '' : ` ${item.bucket}${item.key === null ? '' : `/${item.key}`}`;
      const why = reason === null ? '' : `: ${reason}`;
      const to = destinationOf(destination);
      return {
        outcome,
        good: outcome === 'delivered',
        text: sanitize(
          `${SENDERS[via]} ${eventName}${object} ${theme.symbols.arrow} ${to}${faultText(item)}${why}`,
        ),
      };
    }
    case 'invocation': {
      const { functionName, attempt, outcome, reason } = item;
      const again = attempt === 1 ? '' : `, attempt ${attempt}`;
      return {
        outcome,
        good: outcome === 'ok',
        text: sanitize(`function ${functionName}${again}${reason === null ? '' : `: ${reason}`}`),
      };
    }
  }
}

function faultText({ fault }: { readonly fault: string | null }): string {
  return fault === null ? '' : ` (fault: ${fault})`;
}

/** `arn:aws:sqs:eu-west-1:123456789012:inbox` -> `sqs inbox`; the whole ARN stands in JSON. Else an address. */
function destinationOf(destination: string): string {
  const [scheme, , service = '', , , ...resource] = destination.split(':');
  return scheme === 'arn' ? `${service} ${resource.join(':').replace(/^function:/, '')}` : destination;
}
