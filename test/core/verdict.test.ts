import { expect, test } from 'vitest';
import type { EventRecord } from '../../src/core/event-record.ts';
import { isEventOf, type AwaitedEvent } from '../../src/core/verdict.ts';

const AWAITED: AwaitedEvent = {
  bucket: 'demo',
  key: 'in/a b.jpg',
  requestId: 'REQUEST1',
  attempts: 1,
  eTag: 'e1',
  versionId: undefined,
};

function record(changes: Partial<EventRecord> = {}): EventRecord {
  return {
    eventName: 'ObjectCreated:Put',
    eventTime: undefined,
    bucket: 'demo',
    key: 'in/a b.jpg',
    rawKey: 'in/a+b.jpg',
    eTag: 'e1',
    requestId: 'REQUEST1',
    via: [],
    raw: {},
    ...changes,
  };
}

function without(name: 'eTag' | 'requestId'): EventRecord {
  const { [name]: _, ...rest } = record();
  return rest;
}

test.each<[string, EventRecord, Partial<AwaitedEvent>, boolean]>([
  ['the very request', record(), {}, true],
  ['another bucket', record({ bucket: 'other' }), {}, false],
  ['another key', record({ key: 'in/a+b.jpg' }), {}, false],
  ['another request', record({ requestId: 'REQUEST2' }), {}, false],
  ['no request id in the record', without('requestId'), {}, false],
  ['no request id on either side', without('requestId'), { requestId: undefined }, false],
  ['a record without ETag, as of a deletion', without('eTag'), {}, true],
  ['the same request, but another ETag', record({ eTag: 'e2' }), {}, false],
  ['the version', record({ versionId: 'v1' }), { versionId: 'v1' }, true],
  ['another version', record({ versionId: 'v2' }), { versionId: 'v1' }, false],
  ['repeated: the ETag stands in', record({ requestId: 'LOST' }), { attempts: 2 }, true],
  ['repeated: another ETag', record({ requestId: 'LOST', eTag: 'e2' }), { attempts: 2 }, false],
  [
    'repeated: nothing to know it by',
    without('eTag'),
    { attempts: 2, requestId: 'X', eTag: undefined },
    false,
  ],
  [
    'repeated: the version stands in',
    record({ requestId: 'LOST', versionId: 'v1' }),
    { attempts: 3, versionId: 'v1' },
    true,
  ],
  [
    'repeated: the record has no version',
    record({ requestId: 'LOST' }),
    { attempts: 3, versionId: 'v1' },
    false,
  ],
])('%s', (_, seen, changes, is) => {
  expect(isEventOf(seen, { ...AWAITED, ...changes })).toBe(is);
});
