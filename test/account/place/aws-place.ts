import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { bundleKit } from '../bundle.ts';
import { type Clients, clientsOnAws } from '../clients.ts';
import { KIT_CONTEXT, type KitConfig } from '../config.ts';
import { LeftDeployment } from './left-deployment.ts';
import type { Place } from './place.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const CDK = join(ROOT, 'node_modules', 'aws-cdk', 'bin', 'cdk');

/** An account of AWS, that of the one who runs the kit. Its Region was bootstrapped for the CDK. */
export class AwsPlace implements Place {
  readonly kind = 'aws';
  readonly region: string;
  readonly clients: Clients;
  readonly pollMilliseconds = 5_000;
  readonly #left = new LeftDeployment(join(ROOT, '.local', 'conformance-deployment.json'), CDK);
  #config: KitConfig | undefined;

  constructor(region: string) {
    this.region = region;
    this.clients = clientsOnAws(region);
  }

  async prepare(config: KitConfig): Promise<void> {
    this.#config = config;
    await bundleKit();
  }

  async deploy(stackName: string, signal: AbortSignal): Promise<void> {
    const child = spawn(process.execPath, [CDK, ...this.#arguments(stackName)], {
      cwd: ROOT,
      // Ctrl-C in a terminal goes to a whole group: what is deployed is ours to stop.
      detached: true,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, AWS_REGION: this.region, CDK_DEFAULT_REGION: this.region },
    });
    if (child.pid !== undefined) this.#left.begun(child.pid);
    const stop = () => void (child.pid !== undefined && process.kill(-child.pid, 'SIGTERM'));
    signal.addEventListener('abort', stop, { once: true });
    try {
      const [status] = await once(child, 'exit');
      this.#left.ended();
      signal.throwIfAborted();
      if (status !== 0) throw new Error(`cdk deploy ${stackName} ended with status ${status}`);
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  endDeployment(): Promise<void> {
    return this.#left.end();
  }

  #arguments(stackName: string): string[] {
    return [
      'deploy',
      stackName,
      // The rotation takes what the ground has; that one is deployed already.
      '--exclusively',
      '--app',
      `${process.execPath} ${join(ROOT, 'test', 'account', 'app.ts')}`,
      '--context',
      `${KIT_CONTEXT}=${JSON.stringify(this.#config ?? {})}`,
      '--require-approval',
      'never',
      '--method',
      'direct',
      '--output',
      join(ROOT, '.local', 'conformance-cdk.out'),
    ];
  }
}
