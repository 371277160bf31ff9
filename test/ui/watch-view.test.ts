import { expect, test } from 'vitest';
import type { WatchItem } from '../../src/commands/watch.ts';
import { createTheme } from '../../src/ui/theme.ts';
import type { ShownItem } from '../../src/ui/view-options.ts';
import { viewWatchItem } from '../../src/ui/views/watch.ts';
import { fakeTerminal } from './fake-terminal.ts';

const time = '2026-11-22T10:00:05.000Z';
const options = {
  theme: createTheme(fakeTerminal().io.stdout),
  width: 80,
  plain: true,
  now: Date.parse(time),
};
const record = {
  eventName: 'ObjectCreated:Put',
  eventTime: '2026-11-22T10:00:02Z',
  bucket: 'photos',
  key: 'a\u001b[31m.jpg',
  rawKey: 'a.jpg',
  size: 2048,
  eTag: null,
  versionId: null,
  sequencer: null,
  configurationId: null,
};
const event = { type: 'event', time, record, mark: null, via: 'eventbridge', raw: {} } as const;
const state = { type: 'state', time, bucket: 'photos', via: 'topic' } as const;

test.each<[WatchItem, ShownItem]>([
  [event, { stdout: ['10:00:05.000  ObjectCreated:Put  photos/a.jpg  2 KiB  3s old'] }],
  [
    { ...event, mark: 'duplicate' },
    { stdout: ['10:00:05.000  ObjectCreated:Put  photos/a.jpg  2 KiB  3s old  duplicate'] },
  ],
  [
    { ...event, mark: 'out-of-order' },
    {
      stdout: ['10:00:05.000  ObjectCreated:Put  photos/a.jpg  2 KiB  3s old  older than one before'],
    },
  ],
  [
    { type: 'forwarded', time, key: 'a', status: 200, error: null },
    { stdout: ['10:00:05.000  forwarded: 200'] },
  ],
  [
    { type: 'forwarded', time, key: 'a', status: null, error: 'ECONNREFUSED' },
    { stdout: ['10:00:05.000  not forwarded: ECONNREFUSED'] },
  ],
  [{ type: 'command', time, key: 'a', exitCode: 3 }, { stdout: ['10:00:05.000  exit code 3'] }],
  [{ type: 'output', stream: 'stdout', text: 'out' }, { stdout: ['out'] }],
  [{ type: 'output', stream: 'stderr', text: 'err' }, { stderr: ['err'] }],
  [{ ...state, state: 'opening', creates: ['a queue'] }, { stderr: [] }],
  [
    { ...state, state: 'watching', expiresAt: '2026-11-22T11:00:05.000Z' },
    { stderr: ['watching photos until 2026-11-22T11:00:05Z; Ctrl-C ends'] },
  ],
  [
    { ...state, state: 'ended', reason: 'expired', shown: 2 },
    { stderr: ['watching photos has ended: its lifetime is over; --ttl gives it more'] },
  ],
])('%j', (item, shown) => {
  expect(viewWatchItem(item, options)).toEqual(shown);
});
