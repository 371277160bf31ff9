// HTTP over a socket and no more: Node's own client takes as long for an upload as the sandbox does, and would be half of what is
// measured.
import { once } from 'node:events';
import { connect } from 'node:net';

/** Whose request it is; the sandbox checks no signature. */
const credential = (service) =>
  `AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=0`;

/** One connection to an endpoint: its requests go one after the other. */
export async function openConnection(endpoint) {
  const { hostname, port, host } = new URL(endpoint);
  const socket = connect({ host: hostname, port: Number(port), noDelay: true });
  let received = Buffer.alloc(0);
  let waiting;
  const fail = (error) => waiting?.reject(error);
  socket.on('error', fail).on('close', () => fail(new Error('the connection was closed')));
  socket.on('data', (chunk) => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
    const answer = readAnswer(received);
    if (answer === undefined) return;
    received = Buffer.alloc(0);
    waiting.resolve(answer);
  });
  await once(socket, 'connect');

  const send = (method, path, headers, body) =>
    new Promise((resolve, reject) => {
      waiting = { resolve, reject };
      socket.write(
        `${method} ${path} HTTP/1.1\r\nhost: ${host}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n` +
          `${headers}\r\n\r\n${body}`,
      );
    });
  return {
    /** Rejects unless the object was taken. */
    async upload(bucket, key) {
      const { status, text } = await send(
        'PUT',
        `/${bucket}/${key}`,
        `authorization: ${credential('s3')}`,
        'x',
      );
      if (status !== 200) throw new Error(`${key}: ${status} ${text()}`);
    },
    /** Of an AWS JSON protocol: `target` is `AmazonSQS.ReceiveMessage`. Resolves with the output. */
    async call(service, target, input) {
      const headers =
        `authorization: ${credential(service)}\r\nx-amz-target: ${target}\r\n` +
        `content-type: application/x-amz-json-1.${service === 'sqs' ? 0 : 1}`;
      const { status, text } = await send('POST', '/', headers, JSON.stringify(input));
      if (status !== 200) throw new Error(`${target}: ${status} ${text()}`);
      return JSON.parse(text());
    },
    close: () => socket.destroy(),
  };
}

/** Undefined until it is complete. The sandbox says the length of all that is read here. */
function readAnswer(bytes) {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd < 0) return undefined;
  const head = bytes.latin1Slice(0, headEnd);
  const start = headEnd + 4;
  const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)[1]);
  if (bytes.length < start + length) return undefined;
  return { status: Number(head.slice(9, 12)), text: () => bytes.utf8Slice(start, start + length) };
}
