import './driver-bounds.ts';

import { MongoClient } from 'mongodb';
import { CertificateNotTrustedError } from '../contract/errors.ts';
import { translateLoginError } from './document-db-errors.ts';
import type { Endpoints } from './endpoints.ts';

/** It answers at once or not at all, and who asks has waited for an answer from elsewhere already. */
const TIMEOUT_MS = 2000;

/** No one logs in, so that no certificate has to be trusted: one that is not trusted shows that the server speaks TLS. */
export const documentDbEndpoints: Endpoints = {
  answers: async ({ host, port, tls }) => {
    const client = new MongoClient(`mongodb://${host}:${port}/`, {
      tls,
      directConnection: true,
      maxPoolSize: 1,
      connectTimeoutMS: TIMEOUT_MS,
      serverSelectionTimeoutMS: TIMEOUT_MS,
      socketTimeoutMS: TIMEOUT_MS,
    });
    try {
      await client.connect();
      return true;
    } catch (error) {
      return translateLoginError(error, 'asking who is there') instanceof CertificateNotTrustedError;
    } finally {
      await client.close(true);
    }
  },
};
