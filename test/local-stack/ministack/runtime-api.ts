import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

const CLIENT = join(import.meta.dirname, 'runtime-client.mjs');

/** Hands out one event, then lets the client wait for the next. https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html */
export class RuntimeApi {
  readonly answers: { readonly path: string; readonly body: unknown }[] = [];
  private readonly server: Server;
  private readonly event: unknown;
  private handedOut = false;
  private answered = Promise.withResolvers<void>();

  constructor(event: unknown) {
    this.event = event;
    this.server = createServer(async (request, response) => {
      if (request.method === 'POST') {
        await this.note(request);
        response.end();
      } else if (!this.handedOut) {
        this.handedOut = true;
        response.setHeader('lambda-runtime-aws-request-id', 'request-1');
        response.setHeader('lambda-runtime-deadline-ms', String(Date.now() + 5_000));
        response.end(JSON.stringify(this.event));
      }
    });
  }

  async listen(): Promise<string> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    const address = this.server.address();
    return `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  }

  answer(): Promise<void> {
    return this.answered.promise;
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  private async note(request: IncomingMessage): Promise<void> {
    const path = request.url?.replace('/2018-06-01/runtime/', '') ?? '';
    this.answers.push({ path, body: JSON.parse(await text(request)) });
    this.answered.resolve();
  }
}

/** Runs the client with a handler of its own, in a folder that has nothing else. */
export const runClient = async (
  api: RuntimeApi,
  directory: string,
  handler: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<ChildProcess> => {
  writeFileSync(join(directory, 'index.mjs'), handler);
  return spawn(process.execPath, [CLIENT], {
    stdio: 'ignore',
    env: {
      AWS_LAMBDA_RUNTIME_API: await api.listen(),
      LAMBDA_TASK_ROOT: directory,
      _HANDLER: 'index.handler',
      FUNCTION_LOG_FILE: join(directory, 'functions.log'),
      ...environment,
    },
  });
};
