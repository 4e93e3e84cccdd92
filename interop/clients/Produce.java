import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

import com.google.common.util.concurrent.FutureCallback;
import com.google.common.util.concurrent.Futures;
import com.google.common.util.concurrent.MoreExecutors;

import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.kinesis.producer.KinesisProducer;
import software.amazon.kinesis.producer.KinesisProducerConfiguration;
import software.amazon.kinesis.producer.UserRecordFailedException;
import software.amazon.kinesis.producer.UserRecordResult;

/**
 * Publishes by the native KPL what it reads from stdin: a user record a line, its partition key and its data parted by a tab. For
 * each it says on stdout "stored ATTEMPTS DATA" or "failed REASON DATA", in any order. It stops when its stdin has ended and
 * all is stored.
 */
public final class Produce {
    public static void main(String[] args) throws Exception {
        if (args.length != 3) {
            throw new IllegalArgumentException("usage: Produce PORT STREAM TEMP_FOLDER");
        }
        int port = Integer.parseInt(args[0]);
        var config = new KinesisProducerConfiguration()
                .setKinesisEndpoint("127.0.0.1").setKinesisPort(port)
                .setCloudwatchEndpoint("127.0.0.1").setCloudwatchPort(port)
                .setStsEndpoint("127.0.0.1").setStsPort(port)
                .setVerifyCertificate(false)
                .setRegion("us-east-1")
                .setCredentialsProvider(StaticCredentialsProvider.create(AwsBasicCredentials.create("local", "local")))
                .setMetricsLevel("none")
                .setAggregationMaxCount(25)
                .setRecordMaxBufferedTime(50)
                .setRecordTtl(120_000)
                .setTempDirectory(args[2])
                .setLogLevel("warning");
        var producer = new KinesisProducer(config);
        var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            int tab = line.indexOf('\t');
            String data = line.substring(tab + 1);
            var stored = producer.addUserRecord(args[1], line.substring(0, tab), ByteBuffer.wrap(data.getBytes(StandardCharsets.UTF_8)));
            Futures.addCallback(stored, new Report(data), MoreExecutors.directExecutor());
        }
        producer.flushSync();
        producer.destroy();
        System.exit(0);
    }

    private record Report(String data) implements FutureCallback<UserRecordResult> {
        @Override
        public void onSuccess(UserRecordResult r) {
            System.out.println("stored " + r.getAttempts().size() + " " + data);
        }

        @Override
        public void onFailure(Throwable t) {
            var why = t instanceof UserRecordFailedException f ? f.getResult().getAttempts().toString() : t.toString();
            System.out.println("failed " + why + " " + data);
        }
    }
}
