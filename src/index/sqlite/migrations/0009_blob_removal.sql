ALTER TABLE `blobs` ADD `removing_since` integer;--> statement-breakpoint
CREATE INDEX `blobs_removing` ON `blobs` (`removing_since`) WHERE "blobs"."removing_since" IS NOT NULL;