select
    candidates.position,
    candidates.genome_digest,
    candidates.operator,
    candidates.parents,
    genomes.genome
from optimize.candidates
inner join play.genomes using (genome_digest)
where candidates.run_key = $run_key
    and candidates.generation = $generation
    and candidates.status = 'ok'
order by candidates.position
