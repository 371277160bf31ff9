/** SQS as clients from before 2023 speak to it: forms in, XML out. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ACCOUNT, createMessaging, serveMessaging, type Messaging, type ServedMessaging } from './harness.ts';

let services: Messaging;
let served: ServedMessaging;

beforeEach(async () => {
  services = createMessaging();
  served = await serveMessaging(services);
});

afterEach(() => served.close());

const AUTHORIZATION =
  'AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE000000000/20260102/eu-west-1/sqs/aws4_request, SignedHeaders=host, Signature=00';

async function call(action: string, parameters: Record<string, string> = {}, path = '/') {
  const response = await fetch(`http://127.0.0.1:${served.port}${path}`, {
    method: 'POST',
    headers: { authorization: AUTHORIZATION },
    body: new URLSearchParams({ Action: action, Version: '2012-11-05', ...parameters }),
  });
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    queryError: response.headers.get('x-amzn-query-error'),
    text: await response.text(),
  };
}

/** The text of all elements of the name. */
const texts = (xml: string, name: string) =>
  [...xml.matchAll(new RegExp(`<${name}>(.*?)</${name}>`, 'gs'))].map((match) => match[1]);

const urlOf = (name: string) => `http://127.0.0.1:${served.port}/${ACCOUNT}/${name}`;

describe('the query protocol', () => {
  it('creates a queue, with attributes and tags as numbered lists', async () => {
    const created = await call('CreateQueue', {
      QueueName: 'q',
      'Attribute.1.Name': 'VisibilityTimeout',
      'Attribute.1.Value': '40',
      'Attribute.2.Name': 'DelaySeconds',
      'Attribute.2.Value': '0',
      'Tag.1.Key': 'team',
      'Tag.1.Value': 'a&b',
    });
    expect(created).toMatchObject({ status: 200, type: 'text/xml' });
    expect(created.text).toMatch(
      /^<CreateQueueResponse xmlns="http:\/\/queue\.amazonaws\.com\/doc\/2012-11-05\/"><CreateQueueResult><QueueUrl>[^<]*<\/QueueUrl><\/CreateQueueResult><ResponseMetadata><RequestId>[0-9a-f-]{36}<\/RequestId><\/ResponseMetadata><\/CreateQueueResponse>$/,
    );
    expect(texts(created.text, 'QueueUrl')).toEqual([urlOf('q')]);
    const { text } = await call('GetQueueAttributes', {
      QueueUrl: urlOf('q'),
      'AttributeName.1': 'VisibilityTimeout',
      'AttributeName.2': 'DelaySeconds',
    });
    expect(text).toContain(
      '<Attribute><Name>VisibilityTimeout</Name><Value>40</Value></Attribute><Attribute><Name>DelaySeconds</Name><Value>0</Value></Attribute>',
    );
    expect((await call('ListQueueTags', { QueueUrl: urlOf('q') })).text).toContain(
      '<Tag><Key>team</Key><Value>a&amp;b</Value></Tag>',
    );
    expect(texts((await call('ListQueues')).text, 'QueueUrl')).toEqual([urlOf('q')]);
  });

  it('sends and receives with attributes, and deletes, at the path of the queue too', async () => {
    await call('CreateQueue', { QueueName: 'q' });
    const path = `/${ACCOUNT}/q`;
    const sent = await call(
      'SendMessage',
      {
        MessageBody: 'a <b> & c',
        'MessageAttribute.1.Name': 'kind',
        'MessageAttribute.1.Value.StringValue': 'x',
        'MessageAttribute.1.Value.DataType': 'String',
      },
      path,
    );
    expect(texts(sent.text, 'MD5OfMessageBody')).toEqual(['6d641a791ab9cbbe67bd5288905538b1']);
    const received = await call('ReceiveMessage', {
      QueueUrl: urlOf('q'),
      'AttributeName.1': 'ApproximateReceiveCount',
      'MessageAttributeName.1': 'All',
    });
    expect(texts(received.text, 'MessageId')).toEqual(texts(sent.text, 'MessageId'));
    expect(texts(received.text, 'Body')).toEqual(['a &lt;b&gt; &amp; c']);
    expect(received.text).toContain(
      '<Attribute><Name>ApproximateReceiveCount</Name><Value>1</Value></Attribute>',
    );
    expect(texts(received.text, 'MessageAttribute')).toEqual([
      '<Name>kind</Name><Value><DataType>String</DataType><StringValue>x</StringValue></Value>',
    ]);
    const ReceiptHandle = texts(received.text, 'ReceiptHandle')[0] ?? '';
    const deleted = await call('DeleteMessage', { ReceiptHandle }, path);
    expect(deleted.text).toMatch(/^<DeleteMessageResponse [^>]*><ResponseMetadata>/);
    expect((await call('ReceiveMessage', {}, path)).text).toContain(
      '<ReceiveMessageResult></ReceiveMessageResult>',
    );
  });

  it('takes batches', async () => {
    await call('CreateQueue', { QueueName: 'q' });
    const { text } = await call('SendMessageBatch', {
      QueueUrl: urlOf('q'),
      'SendMessageBatchRequestEntry.1.Id': 'one',
      'SendMessageBatchRequestEntry.1.MessageBody': 'x',
      'SendMessageBatchRequestEntry.2.Id': 'two',
      'SendMessageBatchRequestEntry.2.MessageBody': '',
    });
    const [ok = ''] = texts(text, 'SendMessageBatchResultEntry');
    expect(texts(ok, 'Id')).toEqual(['one']);
    const [failed = ''] = texts(text, 'BatchResultErrorEntry');
    expect([texts(failed, 'Id'), texts(failed, 'SenderFault'), texts(failed, 'Code')]).toEqual([
      ['two'],
      ['true'],
      ['MissingParameter'],
    ]);
  });

  it.each([
    [
      'a queue that is not there',
      'SendMessage',
      { MessageBody: 'x', QueueUrl: `/${ACCOUNT}/none` },
      400,
      'AWS.SimpleQueueService.NonExistentQueue',
      'The specified queue does not exist for this wsdl version.',
    ],
    [
      'an invalid value',
      'CreateQueue',
      { QueueName: 'a b' },
      400,
      'InvalidParameterValue',
      'Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length',
    ],
    [
      'a missing parameter',
      'SendMessage',
      { QueueUrl: `/${ACCOUNT}/none` },
      400,
      'MissingParameter',
      'The request must contain the parameter MessageBody.',
    ],
    [
      'an operation that is not there',
      'Nothing',
      {},
      400,
      'InvalidAction',
      'Could not find operation Nothing for version 2012-11-05',
    ],
  ])('answers %s with the old code', async (_, action, parameters, status, code, message) => {
    const answer = await call(action, parameters);
    expect(answer).toMatchObject({ status, type: 'text/xml', queryError: null });
    expect(answer.text).toMatch(
      /^<ErrorResponse xmlns="http:\/\/queue\.amazonaws\.com\/doc\/2012-11-05\/"><Error><Type>Sender<\/Type>.*<Detail><\/Detail><\/Error><RequestId>/,
    );
    expect([texts(answer.text, 'Code'), texts(answer.text, 'Message')]).toEqual([[code], [message]]);
  });

  it('leaves a batch without entries to its own error', async () => {
    await call('CreateQueue', { QueueName: 'q' });
    const { text } = await call('DeleteMessageBatch', { QueueUrl: urlOf('q') });
    expect(texts(text, 'Code')).toEqual(['AWS.SimpleQueueService.EmptyBatchRequest']);
  });

  it('does not take forms for other services, or uploads to a bucket that is named like an account', async () => {
    const post = (path: string, service: string) =>
      fetch(`http://127.0.0.1:${served.port}${path}`, {
        method: 'POST',
        headers: { authorization: AUTHORIZATION.replace('/sqs/', `/${service}/`) },
        body: new URLSearchParams({ Action: 'ListQueues', Version: '2010-03-31' }),
      }).then((response) => response.text());
    expect(await post('/', 'sns')).toContain('InvalidAction');
    expect(await post(`/${ACCOUNT}/q`, 's3')).toContain('<Error><Code>');
  });
});
