// The anchor of bench/tail.js: what a script does that reads a log with the SDK's own paginator and prints it.
import { CloudWatchLogsClient, paginateFilterLogEvents } from '@aws-sdk/client-cloudwatch-logs';

const client = new CloudWatchLogsClient({});
const query = { logGroupName: '/aws/lambda/photos', startTime: Date.parse('2026-09-01'), limit: 10_000 };
for await (const { events } of paginateFilterLogEvents({ client }, query)) {
  for (const { timestamp, logStreamName, message } of events) {
    process.stdout.write(`${new Date(timestamp).toISOString()} ${logStreamName} ${message}`);
  }
}
