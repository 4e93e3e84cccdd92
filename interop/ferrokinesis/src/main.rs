//! ferrokinesis on a free port of 127.0.0.1. It prints its address as the one line on stdout, and ends with its stdin.
//! The one argument is how long a SubscribeToShard lasts, in milliseconds.

use ferrokinesis::{create_app, serve_plain_http, store::StoreOptions};
use tokio::io::AsyncReadExt;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let session = std::env::args()
        .nth(1)
        .and_then(|ms| ms.parse().ok())
        .expect("usage: ferrokinesis-loopback SESSION_MS");
    let (app, _store) = create_app(StoreOptions {
        create_stream_ms: 50,
        delete_stream_ms: 50,
        update_stream_ms: 50,
        shard_limit: 100,
        subscribe_to_shard_session_ms: session,
        ..StoreOptions::default()
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    serve_plain_http(listener, app, async {
        let mut rest = Vec::new();
        let _ = tokio::io::stdin().read_to_end(&mut rest).await;
    })
    .await
}
