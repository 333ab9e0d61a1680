-- characters of a source's texts that were replaced or removed, since they cannot be stored or shown; null where nobody counted
alter table ingest.sources add column n_normalised bigint;
