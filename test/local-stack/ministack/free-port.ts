import { createServer } from 'node:net';

/**
 * A port on loopback that nothing listened on a moment ago.
 *
 * @param wanted this one, or any if it is 0
 * @throws Error if something listens on the wanted one
 */
export const freePort = (wanted = 0): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error) =>
      reject(new Error(`port ${wanted} can't be used: ${error.message}`, { cause: error })),
    );
    server.listen(wanted, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
