import { parseArn } from '../../arn.ts';
import type { Check, Look } from '../../doctor/check.ts';
import type { MappingNode, QueueNode } from '../../doctor/facts.ts';
import type { Finding } from '../../doctor/finding.ts';
import { ask, call } from '../../doctor/fixes.ts';
import { denied } from '../../doctor/reading.ts';
import type { Hop } from '../../doctor/routes.ts';
import { called, evidence, cut } from '../../doctor/words.ts';
import { about, mayConcern } from './about.ts';
import { rejectionOf } from './filter-judgement.ts';
import { isOff } from './mappings.ts';
import { EXPECTED_READS, type Expected } from './expected.ts';
import { expectedAt } from './messages.ts';
import { shownLeaf } from './pattern-fit.ts';

/** The filter of a mapping takes none of the messages: Lambda deletes them, and the function does not run. */
export const sqsEsmFilter: Check = {
  id: 'sqs-esm-filter',
  reads: ['queues.mappings', ...EXPECTED_READS],
  judge(look) {
    const found = look.hops.flatMap((hop) => {
      const node = hop.kind === 'sqs' ? look.facts.queues[hop.arn] : undefined;
      const filtered = ((node && look.value(node.mappings)) ?? []).filter(
        (mapping) => !isOff(mapping) && (mapping.filters.length > 0 || mapping.filterError !== undefined),
      );
      if (!node || filtered.length === 0) return [];
      const expected = expectedAt(look, hop);
      return filtered.flatMap(
        (mapping) => (expected && filterFinding(look, hop, node, mapping, expected)) ?? [],
      );
    });
    // One mapping once, by whatever way the messages come to its queue.
    return found.filter(
      ({ evidence: [first] }, at) => found.findIndex((one) => one.evidence[0]?.field === first?.field) === at,
    );
  },
};

function filterFinding(
  look: Look,
  hop: Hop,
  node: QueueNode,
  mapping: MappingNode,
  body: Expected,
): Finding | undefined {
  const { uuid, functionArn, filters, filterError } = mapping;
  if (!mayConcern(look, functionArn)) return undefined;
  if (filterError !== undefined) {
    look.value(denied('lambda:ListEventSourceMappings', uuid, cut(filterError)));
    return undefined;
  }
  const rejection = rejectionOf(look.facts, filters, inQueue(hop.arn, body));
  if (!rejection) return undefined;
  const { verdict, fields, corrected } = rejection;
  const { key } = look.facts.question;
  const { [0]: field } = fields;
  const kept = corrected ? { Filters: corrected.map((Pattern) => ({ Pattern })) } : {};
  return {
    id: 'sqs-esm-filter',
    verdict,
    severity: 'BREAK',
    ...about(hop),
    message: `the filter between ${called(hop.arn)} and ${called(functionArn)} takes no message of S3${key === undefined ? '' : ` for this key`}, and Lambda deletes what it does not take`,
    evidence: [
      evidence(node.mappings, `EventSourceMappings[${uuid}].FilterCriteria`, cut(filters.join(' or '))),
      ...fields.slice(0, 3).map((leaf) => evidence(node.mappings, 'Filters[].Pattern', cut(shownLeaf(leaf)))),
    ],
    fix: {
      ...ask(call('lambda', 'UpdateEventSourceMapping', { UUID: uuid, FilterCriteria: kept })),
      advice: corrected
        ? 'Keys in messages are form-encoded, so the filter has to be written so too.'
        : `This removes the filter. It asks for ${field?.path ?? 'fields'}, where a message of S3 has its values under ${keyHome(body)}.`,
    },
  };
}

function keyHome({ keyPath }: Expected): string {
  return keyPath === '' ? 'body.Message, as a text' : `body.${keyPath}`;
}

const OPEN = /^(?:messageId|receiptHandle|md5Of\w+|attributes|messageAttributes)(?:\.|$)/;

/** As Lambda sees a message: its JSON body is a part of it. https://docs.aws.amazon.com/lambda/latest/dg/with-sqs-filtering.html */
function inQueue(queueArn: string, { messages, sampled, isOpen, keyPath, encoded }: Expected): Expected {
  const wrap = (body: unknown) => ({
    eventSource: 'aws:sqs',
    eventSourceARN: queueArn,
    awsRegion: parseArn(queueArn)?.region ?? '',
    body,
  });
  return {
    messages: messages.map(wrap),
    sampled: sampled.map(wrap),
    isOpen: ({ path, operands }) =>
      path.startsWith('body.') ? isOpen({ path: path.slice('body.'.length), operands }) : OPEN.test(path),
    keyPath: keyPath === '' ? '' : `body.${keyPath}`,
    encoded,
  };
}
