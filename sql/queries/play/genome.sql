select
    genomes.genome_digest,
    genomes.setting,
    genomes.genome
from play.genomes
where genomes.genome_digest = $genome_digest
