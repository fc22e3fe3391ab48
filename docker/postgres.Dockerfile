# PostgreSQL as compose.yaml runs it: Debian's server with a start script of twenty lines.
FROM debian:bookworm-slim
RUN apt-get update -qq \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql postgresql-client \
    && rm -rf /var/lib/apt/lists/* /var/lib/postgresql/15/main \
    && ln -s /usr/lib/postgresql/15/bin/* /usr/local/bin/ 2>/dev/null || true
COPY docker/postgres-start.sh /usr/local/bin/postgres-start
ENV PGDATA=/var/lib/postgresql/data
VOLUME /var/lib/postgresql/data
EXPOSE 5432
CMD ["sh", "/usr/local/bin/postgres-start"]
