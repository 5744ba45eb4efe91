import { defineRule } from '../rule.ts';

const NATIVE =
  'c:{rd_kafka_destroy*, rd_kafka_consumer_close, rd_kafka_flush, thrd_join, grpc_shutdown*, grpc::*::Shutdown, amqp_destroy*, mosquitto_loop_stop, cass_session_free, mongoc_client_pool_destroy, uv_thread_join}!';
const NOTES = {
  [NATIVE]: 'closes a library, which waits for its own threads',
};

export default defineRule({
  id: 'close-waits-for-library-thread',
  cause: 'unclosed-resource-at-exit',
  library: undefined,
  title: 'closing a client waits for something of it that was not closed',
  summary:
    'The thread closes a client, driver or context. That waits for a background thread, a handle or messages of the same library, and they do not end: something that belongs to it is still in use.',
  explanation:
    'Libraries with threads of their own (Kafka, gRPC, MQTT, message queues, telemetry) wait in close() until these have ended, and these end when every handle is given back and every message is sent. An open consumer, iterator or socket, a broker that does not answer, or a callback that itself calls close() keeps them.',
  signatures: [
    {
      find: `${NATIVE} -> c:{#thread-join, #lock-wait, #condition-wait, #semaphore-wait, #poll, thrd_join, nanosleep}$`,
      confidence: 'possible',
      stuck: 'likely',
      notes: NOTES,
    },
    { find: 'c:*@*librdkafka* -> c:{#thread-join, #condition-wait}$', confidence: 'possible' },
    {
      find: 'py:#client-close! -> py:{#thread-join, #condition-wait, #lock-wait}$',
      confidence: 'possible',
      notes: { 'py:#client-close!': 'closes a client' },
    },
    {
      find: 'py:#client-close! -> c:#thread-join$',
      confidence: 'possible',
      notes: { 'py:#client-close!': 'closes a client' },
    },
  ],
  needs: ['the C frames: py-spy dump --native --pid PID, or gdb'],
  notWhen: [
    'it waits for messages to be delivered and the other side takes them',
    'the thread that is joined belongs to the program: what that one waits for is the cause',
  ],
  remediation: [
    {
      kind: 'now',
      step: 'The program is done with the client. End the process if nothing is left to be sent.',
      command: 'kill -9 PID',
    },
    {
      kind: 'fix',
      step: 'Close in the order opposite to opening: consumers, iterators, channels and sockets first, then the client; and never from one of its own callbacks.',
    },
    {
      kind: 'prevent',
      step: 'Use the client as a context manager, and give close(), flush() and stop() their timeout.',
    },
    { kind: 'verify', step: 'With the server gone the program still ends.' },
  ],
  references: [
    {
      title: 'confluentinc/confluent-kafka-python#1573',
      url: 'https://github.com/confluentinc/confluent-kafka-python/issues/1573',
      establishes: 'Consumer.close() that waits for a thread of librdkafka which never ends',
    },
  ],
});
