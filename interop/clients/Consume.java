import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.cloudwatch.CloudWatchAsyncClient;
import software.amazon.awssdk.services.dynamodb.DynamoDbAsyncClient;
import software.amazon.awssdk.services.kinesis.KinesisAsyncClient;
import software.amazon.kinesis.common.ConfigsBuilder;
import software.amazon.kinesis.common.InitialPositionInStream;
import software.amazon.kinesis.common.InitialPositionInStreamExtended;
import software.amazon.kinesis.common.KinesisClientUtil;
import software.amazon.kinesis.common.StreamConfig;
import software.amazon.kinesis.common.StreamIdentifier;
import software.amazon.kinesis.coordinator.Scheduler;
import software.amazon.kinesis.exceptions.InvalidStateException;
import software.amazon.kinesis.exceptions.ShutdownException;
import software.amazon.kinesis.lifecycle.events.InitializationInput;
import software.amazon.kinesis.lifecycle.events.LeaseLostInput;
import software.amazon.kinesis.lifecycle.events.ProcessRecordsInput;
import software.amazon.kinesis.lifecycle.events.ShardEndedInput;
import software.amazon.kinesis.lifecycle.events.ShutdownRequestedInput;
import software.amazon.kinesis.metrics.NullMetricsFactory;
import software.amazon.kinesis.processor.RecordProcessorCheckpointer;
import software.amazon.kinesis.processor.ShardRecordProcessor;
import software.amazon.kinesis.processor.SingleStreamTracker;
import software.amazon.kinesis.retrieval.RetrievalSpecificConfig;
import software.amazon.kinesis.retrieval.fanout.FanOutConfig;
import software.amazon.kinesis.retrieval.polling.PollingConfig;

/**
 * Reads a stream by the KCL from its horizon, and says on stdout, a line each: "begin SHARD", "record SHARD DATA", "end SHARD".
 * It stops when its stdin ends.
 */
public final class Consume {
    private static final String USAGE = "usage: Consume polling|fan_out KINESIS_URL DYNAMODB_URL STREAM APPLICATION";

    public static void main(String[] args) throws Exception {
        if (args.length != 5) {
            throw new IllegalArgumentException(USAGE);
        }
        URI kinesisURL = URI.create(args[1]);
        URI dynamoURL = URI.create(args[2]);
        String stream = args[3];
        String application = args[4];
        var credentials = StaticCredentialsProvider.create(AwsBasicCredentials.create("local", "local"));
        KinesisAsyncClient kinesis = KinesisClientUtil.createKinesisAsyncClient(KinesisAsyncClient.builder()
                .endpointOverride(kinesisURL).region(Region.US_EAST_1).credentialsProvider(credentials));
        DynamoDbAsyncClient dynamo = DynamoDbAsyncClient.builder()
                .endpointOverride(dynamoURL).region(Region.US_EAST_1).credentialsProvider(credentials).build();
        CloudWatchAsyncClient cloudwatch = CloudWatchAsyncClient.builder()
                .endpointOverride(dynamoURL).region(Region.US_EAST_1).credentialsProvider(credentials).build();

        var horizon = InitialPositionInStreamExtended.newInitialPosition(InitialPositionInStream.TRIM_HORIZON);
        var tracker = new SingleStreamTracker(StreamIdentifier.singleStreamInstance(stream),
                new StreamConfig(StreamIdentifier.singleStreamInstance(stream), horizon));
        var configs = new ConfigsBuilder(tracker, application, kinesis, dynamo, cloudwatch, "worker", Reader::new);
        RetrievalSpecificConfig retrieval = switch (args[0]) {
            case "polling" -> new PollingConfig(stream, kinesis).idleTimeBetweenReadsInMillis(250);
            case "fan_out" -> new FanOutConfig(kinesis).streamName(stream).applicationName(application);
            default -> throw new IllegalArgumentException(USAGE);
        };
        var leases = configs.leaseManagementConfig()
                .failoverTimeMillis(5_000)
                .shardSyncIntervalMillis(5_000)
                .leasesRecoveryAuditorExecutionFrequencyMillis(5_000)
                .listShardsCacheAllowedAgeInSeconds(1); // or it does not know a new shard's range, and keeps stray user records
        var coordinator = configs.coordinatorConfig()
                .parentShardPollIntervalMillis(500)
                .shardConsumerDispatchPollIntervalMillis(200);
        var scheduler = new Scheduler(configs.checkpointConfig(), coordinator, leases, configs.lifecycleConfig(),
                configs.metricsConfig().metricsFactory(new NullMetricsFactory()), configs.processorConfig(), configs.retrievalConfig().retrievalSpecificConfig(retrieval));
        var running = new Thread(scheduler, "scheduler");
        running.setDaemon(true);
        running.start();
        System.in.transferTo(java.io.OutputStream.nullOutputStream());
        scheduler.startGracefulShutdown().get(20, TimeUnit.SECONDS);
        System.exit(0);
    }

    private static final class Reader implements ShardRecordProcessor {
        private String shard;

        @Override
        public void initialize(InitializationInput in) {
            shard = in.shardId();
            say("begin " + shard);
        }

        @Override
        public void processRecords(ProcessRecordsInput in) {
            in.records().forEach(r -> say("record " + shard + " " + StandardCharsets.UTF_8.decode(r.data())));
            checkpoint(in.checkpointer());
        }

        @Override
        public void shardEnded(ShardEndedInput in) {
            say("end " + shard);
            checkpoint(in.checkpointer());
        }

        @Override
        public void shutdownRequested(ShutdownRequestedInput in) {
            checkpoint(in.checkpointer());
        }

        @Override
        public void leaseLost(LeaseLostInput in) {}

        private static void checkpoint(RecordProcessorCheckpointer to) {
            try {
                to.checkpoint();
            } catch (InvalidStateException | ShutdownException e) {
                throw new IllegalStateException(e);
            }
        }

        private static void say(String line) {
            System.out.println(line); // one write a line, whatever thread it comes from
        }
    }
}
