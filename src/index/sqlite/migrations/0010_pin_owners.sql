CREATE TABLE `pin_owners` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`kind` text NOT NULL,
	`name` text NOT NULL,
	`title` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `pin_owners_name` ON `pin_owners` (`kind`,`name`);--> statement-breakpoint
CREATE TABLE `pins` (
	`owner` integer NOT NULL,
	`mount` text NOT NULL,
	`path` text NOT NULL,
	PRIMARY KEY(`mount`, `path`, `owner`)
);
--> statement-breakpoint
CREATE INDEX `pins_owner` ON `pins` (`owner`,`mount`,`path`);--> statement-breakpoint
INSERT INTO `pin_owners` VALUES (1, 'legacy', 'legacy', 'pins from before they had owners');--> statement-breakpoint
INSERT INTO `pins` SELECT 1, `mount`, `path` FROM `artifacts` WHERE `pinned`
	UNION SELECT 1, `mount`, `path` FROM `documents` WHERE `pinned`;--> statement-breakpoint
INSERT INTO `pin_owners` (`kind`, `name`, `title`) SELECT DISTINCT 'set', `name`, 'set ' || `name` FROM `sets`;--> statement-breakpoint
INSERT INTO `pins` SELECT `pin_owners`.`id`, `sets`.`mount`, `sets`.`path` FROM `sets`
	JOIN `pin_owners` ON `pin_owners`.`kind` = 'set' AND `pin_owners`.`name` = `sets`.`name`;--> statement-breakpoint
CREATE TRIGGER `pins_added` AFTER INSERT ON `pins` BEGIN
	UPDATE `artifacts` SET `pinned` = 1 WHERE `mount` = new.`mount` AND `path` = new.`path` AND NOT `pinned`;
	UPDATE `documents` SET `pinned` = 1 WHERE `mount` = new.`mount` AND `path` = new.`path` AND NOT `pinned`;
END;--> statement-breakpoint
CREATE TRIGGER `pins_removed` AFTER DELETE ON `pins`
WHEN NOT EXISTS (SELECT 1 FROM `pins` WHERE `mount` = old.`mount` AND `path` = old.`path`) BEGIN
	UPDATE `artifacts` SET `pinned` = 0 WHERE `mount` = old.`mount` AND `path` = old.`path`;
	UPDATE `documents` SET `pinned` = 0 WHERE `mount` = old.`mount` AND `path` = old.`path`;
END;--> statement-breakpoint
CREATE TRIGGER `artifacts_pinned` AFTER INSERT ON `artifacts`
WHEN NOT new.`pinned` AND EXISTS (SELECT 1 FROM `pins` WHERE `mount` = new.`mount` AND `path` = new.`path`) BEGIN
	UPDATE `artifacts` SET `pinned` = 1 WHERE `mount` = new.`mount` AND `path` = new.`path`;
END;--> statement-breakpoint
CREATE TRIGGER `documents_pinned` AFTER INSERT ON `documents`
WHEN NOT new.`pinned` AND EXISTS (SELECT 1 FROM `pins` WHERE `mount` = new.`mount` AND `path` = new.`path`) BEGIN
	UPDATE `documents` SET `pinned` = 1 WHERE `mount` = new.`mount` AND `path` = new.`path`;
END;--> statement-breakpoint
CREATE TRIGGER `documents_moved` AFTER UPDATE OF `path` ON `documents` BEGIN
	UPDATE `documents` SET `pinned` = EXISTS (SELECT 1 FROM `pins` WHERE `mount` = new.`mount` AND `path` = new.`path`)
	WHERE `mount` = new.`mount` AND `path` = new.`path`;
END;
