-- tokens of the prompt that the server had in its cache, and those that it put there for a price; null where it does not say, and where
-- the reply was kept before this was asked
alter table play.completions add column cached_tokens bigint;
alter table play.completions add column cache_write_tokens bigint;
