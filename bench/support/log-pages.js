// Answers of FilterLogEvents for a log of any length: the pages differ in their times and ids only, so that one text serves for all.

/** Events of a page, the most that FilterLogEvents gives. */
export const PAGE_EVENTS = 10_000;

/** Stands for the page's number, four digits, in its text. */
const PAGE = /@@@@/g;

/** What `init`'s function leaves of an invocation: START, the event it prints, END and REPORT; 290 bytes a line. */
const LAMBDA = (n) => {
  const id = `7f1c9d2e-3b4a-4c5d-8e6f-@@@@${String(n).padStart(8, '0')}`;
  const event = pythonJson(s3Event(`photos/2026/beach-@@@@-${n}.jpeg`));
  return [
    `START RequestId: ${id} Version: $LATEST\n`,
    `${event}\n`,
    `END RequestId: ${id}\n`,
    `REPORT RequestId: ${id}\tDuration: 1.84 ms\tBilled Duration: 2 ms\tMemory Size: 128 MB\tMax Memory Used: 38 MB\t\n`,
  ];
};

/** A function that logs what it does, and now and then an event: one line in a hundred. */
const CHATTY = (n) => {
  const id = `7f1c9d2e-3b4a-4c5d-8e6f-@@@@${String(n).padStart(8, '0')}`;
  const line = (text) => `[INFO]\t2026-09-21T10:15:02.417Z\t${id}\t${text}\n`;
  const steps = Array.from({ length: 99 }, (_, i) =>
    line(`step ${i}: resized photos/2026/beach-@@@@-${n}.jpeg to ${i * 16} pixels, ${i * 113} bytes written`),
  );
  return [line(JSON.stringify(s3Event(`photos/2026/beach-@@@@-${n}.jpeg`))), ...steps];
};

const LOGS = { lambda: LAMBDA, chatty: CHATTY };

/** The text of each page of a log of one kind: `page(3)`. */
export function createPages(kind, pages) {
  const lines = [];
  for (let n = 0; lines.length < PAGE_EVENTS; n++) lines.push(...LOGS[kind](n));
  const events = lines.slice(0, PAGE_EVENTS).map((message, i) => ({
    eventId: `3800000000000000000000000000000000000000@@@@${String(i).padStart(12, '0')}`,
    ingestionTime: `#179@@@@${String(i * 10 + 5).padStart(6, '0')}#`,
    logStreamName: '2026/09/21/[$LATEST]8d0b3c5f7a9e4d1c8b6a5f4e3d2c1b0a',
    message,
    timestamp: `#179@@@@${String(i * 10).padStart(6, '0')}#`,
  }));
  const body = (token) => JSON.stringify({ events, ...token, searchedLogStreams: [] }).replace(/"#|#"/g, '');
  const [middle, last] = [body({ nextToken: 'next-@@@@' }), body({})];
  return (page) => {
    const number = String(page).padStart(4, '0');
    return (page < pages - 1 ? middle : last).replace(PAGE, number);
  };
}

/** As `json.dumps` writes it. */
const pythonJson = (value) =>
  JSON.stringify(value)
    .replace(/":(?=["{[\d])/g, '": ')
    .replace(/,(?=["{])/g, ', ');

function s3Event(key) {
  const bucket = {
    name: 'photos',
    ownerIdentity: { principalId: 'A3NL1KOZZKExample' },
    arn: 'arn:aws:s3:::photos',
  };
  const object = {
    key,
    size: 184_233,
    eTag: 'd41d8cd98f00b204e9800998ecf8427e',
    sequencer: '0055AED6DCD90281E5',
  };
  return {
    Records: [
      {
        eventVersion: '2.1',
        eventSource: 'aws:s3',
        awsRegion: 'us-east-1',
        eventTime: '2026-09-21T10:15:02.417Z',
        eventName: 'ObjectCreated:Put',
        userIdentity: { principalId: 'AWS:AIDAEXAMPLE' },
        requestParameters: { sourceIPAddress: '203.0.113.7' },
        responseElements: {
          'x-amz-request-id': 'C3D13FE58DE4C810',
          'x-amz-id-2': 'FMyUVURIY8/IgAtTv8xRjskZQpcIZ9KG4V5Wp6S7S/JRWeUWerMUE5JgHvANOjpD',
        },
        s3: { s3SchemaVersion: '1.0', configurationId: 's3evt-photos', bucket, object },
      },
    ],
  };
}
